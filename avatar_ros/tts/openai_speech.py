"""Backend `openai_speech`: any service with OpenAI's /audio/speech (OpenAI, local servers), streamed as raw samples."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..core.api_keys import find_key
from ..core.settings import setting
from .base import NamedVoices, Part, TtsSettings
from .cancel_token import CancelToken
from .connection_pool import Connections
from .decode import decode
from .http_audio_stream import post
from .service_url import check_url, shown_url
from .text import nearest

_PUBLIC_URL = "https://api.openai.com/v1"
#: response_format "pcm" is 24 kHz int16 mono by OpenAI's definition.
_USUAL_RATE_HZ = 24000


@dataclass(frozen=True)
class OpenAiSpeechSettings(NamedVoices):
    """Options of backend `openai_speech`. The key is no parameter: key_variable names it."""

    url: str = setting("", "address of the service; '' for OpenAI's")
    model: str = setting("gpt-4o-mini-tts", "model")
    key_variable: str = setting(
        "OPENAI_API_KEY",
        "environment variable, or line of env_file, that holds the key; '' for no key",
    )
    env_file: str = setting(".env", "file of NAME=value lines, read where the environment lacks the variable")
    service_rate_hz: int = setting(0, "rate of the raw samples that the service sends, Hz; 0: its usual one", low=0)


class OpenAiVoice:
    """One POST a sentence."""

    blocking = True

    def __init__(
        self, settings: TtsSettings, own: OpenAiSpeechSettings, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._settings = settings
        self._own = own
        self._environment = environment
        self._key = ""
        self._url = (own.url or _PUBLIC_URL).rstrip("/") + "/audio/speech"
        self._connections = Connections()
        self._wanted = own.voice_by_locale()

    def load(self) -> None:
        """Check the address and find the key; nothing is asked of the service. Raises ConfigError."""
        check_url(self._url)
        own = self._own
        self._key = find_key(own.key_variable, own.env_file, self._environment)

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """Sound as it streams in. Raises TtsError."""
        own = self._own
        voice, _ = nearest(locale, self._wanted, (), "alloy")
        asked = {"model": own.model, "voice": voice, "input": text, "response_format": "pcm"}
        headers = {"Content-Type": "application/json", "Accept": "audio/pcm"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        body = json.dumps(asked).encode()
        waits = (self._settings.first_sound_timeout_s, self._settings.gap_timeout_s)
        pieces = post(self._url, headers, body, *waits, stop, self._connections)
        yield from decode(pieces, own.service_rate_hz or _USUAL_RATE_HZ)

    def expect(self) -> None:
        """Connect, where no connection is left from the last sentence."""
        self._connections.expect(self._url, self._settings.first_sound_timeout_s)

    def status(self) -> Mapping[str, str]:
        """The service's address."""
        return {"voice_service": shown_url(self._url)}

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._connections.close()
