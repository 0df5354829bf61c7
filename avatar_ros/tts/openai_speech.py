"""Backend `openai_speech`: any service with OpenAI's /audio/speech (OpenAI, local servers), streamed as raw samples."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

from .base import Part, TtsSettings
from .decode import decode
from .http_sound import check_url, post
from .voices import nearest

_PUBLIC_URL = "https://api.openai.com/v1"
#: response_format "pcm" is 24 kHz int16 mono by OpenAI's definition.
_USUAL_RATE_HZ = 24000


class OpenAiVoice:
    """One POST a sentence."""

    blocking = True

    def __init__(self, settings: TtsSettings) -> None:
        self._settings = settings
        self._url = (settings.url or _PUBLIC_URL).rstrip("/") + "/audio/speech"
        self._wanted = settings.voice_by_locale()

    def load(self) -> None:
        """Check the address; nothing is asked of the service. Raises ConfigError."""
        check_url(self._url)

    def speak(self, text: str, locale: str) -> Iterator[Part]:
        """Sound as it streams in. Raises TtsError."""
        own = self._settings
        voice, _ = nearest(locale, self._wanted, (), "alloy")
        asked = {"model": own.model, "voice": voice, "input": text, "response_format": "pcm"}
        headers = {"Content-Type": "application/json", "Accept": "audio/pcm"}
        if key := os.environ.get(own.key_variable, ""):
            headers["Authorization"] = f"Bearer {key}"
        body = json.dumps(asked).encode()
        pieces = post(self._url, headers, body, own.first_sound_timeout_s, own.gap_timeout_s)
        yield from decode(pieces, own.service_rate_hz or _USUAL_RATE_HZ)

    def status(self) -> Mapping[str, str]:
        """The service's address."""
        return {"voice_service": self._url}

    def close(self) -> None:
        """Nothing to free."""
