"""Backend `edge`: Microsoft Edge's read-aloud voices through edge-tts; mp3 decoded as it streams, words marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import edge_tts
from edge_tts.exceptions import EdgeTTSException

from ..core.errors import TtsError, UnknownBackendError
from ..core.registry import how_to_install
from ..core.types import MarkKind
from .base import Part, TtsSettings, VoiceMark
from .decode import mp3, warm_mp3
from .voices import nearest

_TICKS_PER_S = 10_000_000
#: Sound that ends so much before its last word does was cut off, s.
_LACKING_S = 0.5
_VOICES = {
    "en": "en-US-AriaNeural", "en-gb": "en-GB-SoniaNeural", "zh": "zh-CN-XiaoxiaoNeural", "de": "de-DE-KatjaNeural",
    "fr": "fr-FR-DeniseNeural", "es": "es-ES-ElviraNeural", "it": "it-IT-ElsaNeural", "ja": "ja-JP-NanamiNeural",
    "ko": "ko-KR-SunHiNeural", "pt": "pt-BR-FranciscaNeural", "ru": "ru-RU-SvetlanaNeural", "nl": "nl-NL-ColetteNeural",
}  # fmt: skip


class EdgeVoice:
    """One connection a sentence."""

    blocking = True

    def __init__(self, settings: TtsSettings) -> None:
        self._settings = settings
        self._wanted = {**_VOICES, **settings.voice_by_locale()}

    def load(self) -> None:
        """Point edge-tts at another server, if one is set, and have the decoder ready. Asks nothing of the service."""
        if self._settings.url:
            edge_tts.communicate.WSS_URL = self._settings.url
        try:
            warm_mp3()
        except ImportError as error:
            raise UnknownBackendError(
                "backend_not_installed",
                f"PyAV, which decodes Edge's sound, is missing; install it with: {how_to_install('embedded')}",
            ) from error

    def speak(self, text: str, locale: str) -> Iterator[Part]:
        """Sound as it streams in, each word's mark with the sound that came after it. Raises TtsError."""
        marks: list[VoiceMark] = []
        words: list[str] = []
        sound_s = end_s = 0.0
        for part in mp3(self._mp3(text, locale, marks)):
            yield Part(part.pcm, part.sample_rate_hz, tuple(marks))
            sound_s += len(part.pcm) / part.sample_rate_hz
            words += [mark.text for mark in marks]
            end_s = max([end_s, *(mark.end_s for mark in marks)])
            marks.clear()
        if was_cut(text, words) or sound_s < end_s - _LACKING_S:
            raise TtsError("tts_cut", "edge-tts ended before the end of the sentence", retryable=True)

    def status(self) -> Mapping[str, str]:
        """The service's name."""
        return {"voice_service": self._settings.url or "edge-tts"}

    def close(self) -> None:
        """Nothing to free."""

    def _mp3(self, text: str, locale: str, marks: list[VoiceMark]) -> Iterator[bytes]:
        voice, _ = nearest(locale, self._wanted, (), _VOICES["en"])
        own = self._settings
        try:
            talk = edge_tts.Communicate(
                text,
                voice,
                boundary="WordBoundary",
                connect_timeout=max(1, round(own.first_sound_timeout_s)),
                receive_timeout=max(1, round(own.gap_timeout_s)),
            )
            for event in talk.stream_sync():
                if event["type"] == "audio":
                    yield event["data"]
                elif event["type"] == "WordBoundary":
                    marks.append(_mark(event))
        except (TimeoutError, EdgeTTSException, aiohttp.ClientError, OSError, ValueError) as error:
            raise TtsError("tts_down", f"edge-tts fails: {error!r}", retryable=True) from error


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


def _mark(event: Any) -> VoiceMark:
    start_s = event["offset"] / _TICKS_PER_S
    return VoiceMark(MarkKind.WORD, event["text"], start_s, start_s + event["duration"] / _TICKS_PER_S)
