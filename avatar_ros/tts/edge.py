"""Backend `edge`: Microsoft Edge's read-aloud voices through edge-tts; mp3 decoded as it streams, words marked.

Connections are read on one asyncio thread of the voice's own. The library's own bridge to threads waits for ever for a
service that hangs, or that refuses; here each wait has an end, and a sentence that is stopped closes its connection.
"""

from __future__ import annotations

import asyncio
import math
import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import aiohttp
import edge_tts
from edge_tts.exceptions import EdgeTTSException

from ..core.asyncio_thread import AsyncioThread
from ..core.enums import MarkKind
from ..core.errors import TtsError, UnknownBackendError
from ..core.proxies import spare_local
from ..core.registry import how_to_install
from .base import Part, TtsSettings, VoiceMark
from .cancel_token import CancelToken
from .decode import mp3, warm_mp3
from .edge_settings import EdgeSettings
from .service_url import check_url, shown_url, usable_proxy
from .text import nearest

_TICKS_PER_S = 10_000_000
#: Sound that ends this much before its last word does was cut off, s.
_LACKING_S = 0.5
_VOICES = {
    "en": "en-US-AriaNeural", "en-gb": "en-GB-SoniaNeural", "zh": "zh-CN-XiaoxiaoNeural", "de": "de-DE-KatjaNeural",
    "fr": "fr-FR-DeniseNeural", "es": "es-ES-ElviraNeural", "it": "it-IT-ElsaNeural", "ja": "ja-JP-NanamiNeural",
    "ko": "ko-KR-SunHiNeural", "pt": "pt-BR-FranciscaNeural", "ru": "ru-RU-SvetlanaNeural", "nl": "nl-NL-ColetteNeural",
    "pl": "pl-PL-ZofiaNeural", "tr": "tr-TR-EmelNeural", "ar": "ar-SA-ZariyahNeural", "hi": "hi-IN-SwaraNeural",
    "pt-pt": "pt-PT-RaquelNeural",
}  # fmt: skip
#: What a service that answers nonsense makes the library raise, besides its own errors.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError)


class _Encrypted(aiohttp.TCPConnector):
    """Goes nowhere where everybody could read the text: the library follows redirects.

    The library closes its connector after each part of a long text: `finish` is what closes this one.
    """

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        if req.url.scheme not in ("https", "wss"):
            raise aiohttp.ClientConnectionError("redirected from https to http")
        return await super().connect(req, traces, timeout)

    def close(self, **_: Any) -> Any:
        return asyncio.sleep(0)

    async def finish(self) -> None:
        await super().close()


#: Sound (mp3) or a word's mark.
_Event = bytes | VoiceMark


class EdgeVoice:
    """One connection a sentence."""

    blocking = True

    def __init__(self, settings: TtsSettings, own: EdgeSettings) -> None:
        self._settings = settings
        self._own = own
        self._wanted = {**_VOICES, **own.voice_by_locale()}
        self._thread: AsyncioThread | None = None

    def load(self) -> None:
        """Point edge-tts at another server, if one is set, and have the decoder ready. Asks nothing of the service.

        Raises ConfigError.
        """
        if self._own.url:
            check_url(self._own.url, ("ws", "wss"))
            edge_tts.communicate.WSS_URL = self._own.url
            spare_local(self._own.url)
        try:
            warm_mp3()
        except TtsError as error:
            raise UnknownBackendError(
                "backend_not_installed",
                f"PyAV, which decodes Edge's sound, is missing; install it with: {how_to_install('embedded')}",
            ) from error
        self._thread = AsyncioThread("tts streams")

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """Sound as it streams in, each word's mark with the sound that came after it. Raises TtsError."""
        marks: list[VoiceMark] = []
        words: list[str] = []
        sound_s = end_s = 0.0
        with closing(self._mp3(text, locale, marks, stop or CancelToken())) as pieces:
            for part in mp3(pieces):
                yield Part(part.pcm, part.sample_rate_hz, tuple(marks))
                sound_s += len(part.pcm) / part.sample_rate_hz
                words += [mark.text for mark in marks]
                end_s = max([end_s, *(mark.end_s for mark in marks)])
                marks.clear()
        if was_cut(text, words) or sound_s < end_s - _LACKING_S:
            raise TtsError("tts_cut", "edge-tts ended before the end of the sentence", retryable=True)

    def expect(self) -> None:
        """Nothing: the library connects anew for each sentence."""

    def status(self) -> Mapping[str, str]:
        """The service's name."""
        return {"voice_service": shown_url(self._own.url) or "edge-tts"}

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._thread is not None:
            self._thread.close(asyncio.sleep(0))
            self._thread = None

    def _mp3(self, text: str, locale: str, marks: list[VoiceMark], stop: CancelToken) -> Generator[bytes, None, None]:
        voice, _ = nearest(locale, self._wanted, (), _VOICES["en"])
        for event in self._events(text, voice, stop):
            if isinstance(event, VoiceMark):
                marks.append(event)
            else:
                yield event

    def _events(self, text: str, voice: str, stop: CancelToken) -> Iterator[_Event]:
        assert self._thread is not None, "load() comes first"
        events: queue.SimpleQueue[_Event | None] = queue.SimpleQueue()
        connect_timeout_s = math.ceil(self._settings.first_sound_timeout_s)
        reading = self._thread.submit(_pass_on(text, voice, connect_timeout_s, events.put))
        reading.add_done_callback(lambda _: events.put(None))
        try:
            with stop.on_cancel(reading.cancel):
                yield from self._in_time(events)
        finally:
            reading.cancel()
        if not reading.cancelled():
            reading.result()  # raises what ended it

    def _in_time(self, events: queue.SimpleQueue[_Event | None]) -> Iterator[_Event]:
        """What comes, up to the None that ends it. Raises TtsError where it is waited for too long."""
        own = self._settings
        heard, until_s = False, time.monotonic() + own.first_sound_timeout_s
        while (event := _take(events, until_s)) is not None:
            yield event
            heard = heard or isinstance(event, bytes)
            if heard:
                until_s = time.monotonic() + own.gap_timeout_s


def was_cut(text: str, words: list[str]) -> bool:
    """Whether two or more words of `text` follow the last of the `words` that were marked.

    edge-tts does not tell a connection that was closed early from one that had no more to say.
    """
    at = 0
    for word in words:
        found = text.find(word, at)
        if found < 0:
            return False  # the service reads numbers and the like in words of its own: no way to tell
        at = found + len(word)
    return bool(words) and len(text[at:].split()) >= 2


def _take(events: queue.SimpleQueue[_Event | None], until_s: float) -> _Event | None:
    try:
        return events.get(timeout=max(0.0, until_s - time.monotonic()))
    except queue.Empty:
        raise TtsError("tts_down", "edge-tts was silent for too long", retryable=True) from None


async def _pass_on(text: str, voice: str, connect_timeout_s: int, give: Callable[[_Event], None]) -> None:
    """Have `text` spoken and hand on what comes. Raises TtsError; what the service said is not repeated."""
    encrypted = _Encrypted() if edge_tts.communicate.WSS_URL.startswith("wss:") else None
    proxy = usable_proxy(edge_tts.communicate.WSS_URL)
    try:
        talk = edge_tts.Communicate(
            text,
            voice,
            boundary="WordBoundary",
            connect_timeout=connect_timeout_s,
            connector=encrypted,
            proxy=proxy,
        )
        async for event in talk.stream():
            if event["type"] == "audio":
                give(event["data"])
            elif event["type"] == "WordBoundary":
                give(_mark(event))
    except (TimeoutError, EdgeTTSException, aiohttp.ClientError, OSError) as error:
        raise TtsError("tts_down", f"edge-tts fails: {_cause(error)}", retryable=True) from error
    except _MALFORMED as error:
        what = f"edge-tts sent something malformed ({type(error).__name__})"
        raise TtsError("tts_reply", what, retryable=True) from error
    finally:
        if encrypted is not None:
            await encrypted.finish()


def _cause(error: Exception) -> str:
    status = getattr(error, "status", None)
    return f"{type(error).__name__}, HTTP {status}" if status else type(error).__name__


def _mark(event: Any) -> VoiceMark:
    start_s = event["offset"] / _TICKS_PER_S
    return VoiceMark(MarkKind.WORD, event["text"], start_s, start_s + event["duration"] / _TICKS_PER_S)
