"""Backend `espeak`: espeak-ng in a helper process (see espeak_process), a few milliseconds a sentence."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..core.errors import ConfigError, TtsError, UnknownBackendError
from ..core.helper import Helper, HelperDeadError
from ..core.registry import how_to_install
from .base import Part, TtsSettings
from .espeak_marks import marks, speech_end_sample
from .stop import Stop
from .voices import nearest

#: A sentence takes milliseconds; a helper that is silent this long hangs.
REPLY_TIMEOUT_S, START_TIMEOUT_S = 3.0, 15.0
#: Kept after the last phone: the release of a final consonant.
_RELEASE_S = 0.02
_DEFAULT_VOICE = "en-us"


class EspeakVoice:
    """Speaks with espeak-ng; the helper is started again when it crashes."""

    blocking = False

    def __init__(self, settings: TtsSettings) -> None:
        self._settings = settings
        self._wanted = settings.voice_by_locale()
        self._helper: _Espeak | None = None
        self._lock = threading.Lock()
        self._restarts = 0
        self._unknown_locale = ""

    def load(self) -> None:
        """Start the helper and have it speak once: the first sentence must not pay for that."""
        if importlib.util.find_spec("espeakng_loader") is None:
            raise UnknownBackendError(
                "backend_not_installed",
                f"espeak-ng is not installed; install it with: {how_to_install('embedded')}",
            )
        self._helper = _Espeak()
        voice, _ = nearest("en-US", self._wanted, self._helper.voices, _DEFAULT_VOICE)
        try:
            self._helper.ask(self._request("Hello.", voice))
        except _RefusedError as error:
            raise ConfigError("tts_voice", f"{error}; check the parameter 'voices'") from error

    def speak(self, text: str, locale: str, stop: Stop | None = None) -> Iterator[Part]:
        """The whole text as one part, with all its marks."""
        with self._lock:
            pcm, events, rate_hz = self._ask_twice(text, locale)
        end = min(len(pcm), speech_end_sample(events, len(pcm)) + round(_RELEASE_S * rate_hz))
        yield Part(pcm[:end], rate_hz, marks(events, text, rate_hz, min(end, len(pcm))))

    def expect(self) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """The helper's restarts, and a language that nobody here speaks."""
        out = {"espeak_restarts": str(self._restarts)} if self._restarts else {}
        if self._unknown_locale:
            out["warning"] = f"espeak-ng has no voice for '{self._unknown_locale}'; '{_DEFAULT_VOICE}' speaks instead"
        return out

    def close(self) -> None:
        """End the helper."""
        if self._helper is not None:
            self._helper.close()
            self._helper = None

    def _ask_twice(self, text: str, locale: str) -> tuple[Any, list[Any], int]:
        try:
            return self._ask(text, locale)
        except HelperDeadError:
            self._restart()
        try:
            return self._ask(text, locale)
        except HelperDeadError as error:
            self._restart()
            raise TtsError("tts_crashed", f"espeak-ng crashed twice on a text of {len(text)} characters") from error

    def _ask(self, text: str, locale: str) -> tuple[Any, list[Any], int]:
        if self._helper is None:
            self._helper = _Espeak()
        voice, known = nearest(locale, self._wanted, self._helper.voices, _DEFAULT_VOICE)
        self._unknown_locale = "" if known else locale
        try:
            pcm, events = self._helper.ask(self._request(text, voice))
        except _RefusedError as error:
            raise TtsError("tts_refused", str(error)) from error
        return pcm, events, self._helper.rate_hz

    def _request(self, text: str, voice: str) -> dict[str, Any]:
        own = self._settings
        return {
            "voice": voice,
            "text": text,
            "rate": own.words_per_minute,
            "pitch": own.pitch,
            "range": own.pitch_range,
        }

    def _restart(self) -> None:
        self._restarts += 1
        self.close()
        self._helper = _Espeak()


class _RefusedError(Exception):
    """espeak-ng refused the request; the helper lives."""


class _Espeak:
    """The helper's process, and what it said of itself."""

    def __init__(self) -> None:
        self._helper = Helper("avatar_ros.tts.espeak_process")
        try:
            kind, payload = self._helper.receive(START_TIMEOUT_S)
        except HelperDeadError as error:
            self.close()
            raise TtsError("tts_start", f"the espeak-ng helper did not start: {error}", retryable=True) from error
        hello = json.loads(payload) if kind == b"V" else {}
        self.rate_hz: int = hello["rate_hz"]
        self.voices: list[str] = hello["voices"]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self._helper.process

    def ask(self, request: dict[str, Any]) -> tuple[Any, list[Any]]:
        """(int16 sound, events) of a request. Raises HelperDeadError and _RefusedError."""
        self._helper.send(b"S", json.dumps(request).encode())
        pcm, events = np.zeros(0, np.int16), []
        while True:
            kind, payload = self._helper.receive(REPLY_TIMEOUT_S)
            if kind == b"A":
                pcm = np.frombuffer(payload, "<i2")
            elif kind == b"M":
                events = json.loads(payload)
            elif kind == b"X":
                raise _RefusedError(payload.decode())
            else:
                return pcm, events

    def close(self) -> None:
        """End the process."""
        self._helper.close()
