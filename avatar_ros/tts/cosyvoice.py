"""Backend `cosyvoice`: CosyVoice's own server (its runtime/python/fastapi), which streams raw samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ..core.settings import setting
from .base import NamedVoices, Part, TtsSettings
from .cancel_token import CancelToken
from .connection_pool import Connections
from .decode import decode
from .http_audio_stream import post
from .service_url import check_url, shown_url
from .text import nearest

_USUAL_URL = "http://127.0.0.1:50000"
#: CosyVoice 1 speaks at 22050 Hz, CosyVoice 2 at 24000: set service_rate_hz for the latter.
_USUAL_RATE_HZ = 22050
#: Built-in speakers of the SFT model.
_SPEAKERS = {"zh": "中文女", "en": "英文女", "ja": "日语男", "ko": "韩语女", "yue": "粤语女"}


@dataclass(frozen=True)
class CosyVoiceSettings(NamedVoices):
    """Options of backend `cosyvoice`."""

    url: str = setting("", "address of the server; '' for the usual one on this computer")
    service_rate_hz: int = setting(0, "rate of the raw samples that the service sends, Hz; 0: its usual one", low=0)


class CosyVoice:
    """One POST to /inference_sft a sentence."""

    blocking = True

    def __init__(self, settings: TtsSettings, own: CosyVoiceSettings) -> None:
        self._settings = settings
        self._own = own
        self._url = (own.url or _USUAL_URL).rstrip("/") + "/inference_sft"
        self._connections = Connections()
        self._wanted = {**_SPEAKERS, **own.voice_by_locale()}

    def load(self) -> None:
        """Check the address. Raises ConfigError."""
        check_url(self._url)

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """Sound as it streams in. Raises TtsError."""
        own = self._settings
        speaker, _ = nearest(locale, self._wanted, (), self._wanted["en"])
        body = urlencode({"tts_text": text, "spk_id": speaker}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        pieces = post(self._url, headers, body, own.first_sound_timeout_s, own.gap_timeout_s, stop, self._connections)
        yield from decode(pieces, self._own.service_rate_hz or _USUAL_RATE_HZ)

    def expect(self) -> None:
        """Connect, where no connection is left from the last sentence."""
        self._connections.expect(self._url, self._settings.first_sound_timeout_s)

    def status(self) -> Mapping[str, str]:
        """The service's address."""
        return {"voice_service": shown_url(self._url)}

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._connections.close()
