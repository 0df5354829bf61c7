"""Backend `espeak`: espeak-ng in a helper process (see espeak_process), a few milliseconds a sentence."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import ConfigError, TtsError, UnknownBackendError
from ..core.helper_process import Helper, HelperDeadError
from ..core.registry import how_to_install
from ..core.settings import setting
from .base import UNREADABLE, NamedVoices, Part, TtsSettings, VoiceChoice
from .cancel_token import CancelToken
from .espeak_marks import marks, speech_end_sample
from .espeak_voices import VARIANTS, Run, VoiceTable, for_espeak, script_name, voice_problem

#: A sentence takes milliseconds; a helper that stands still, or works on it, for this long hangs.
REPLY_TIMEOUT_S, START_TIMEOUT_S = 3.0, 15.0
#: Kept after the last phone: the release of a final consonant.
_RELEASE_S = 0.02
_MOST_PROBLEMS = 3


@dataclass(frozen=True)
class EspeakSettings(NamedVoices):
    """Options of backend `espeak`."""

    words_per_minute: int = setting(165, "speed", low=80, high=450)
    pitch: int = setting(45, "height of the voice, 0-100", low=0, high=100)
    pitch_range: int = setting(60, "liveliness of the melody, 0-100", low=0, high=100)


class EspeakVoice:
    """Speaks with espeak-ng; the helper is started again when it crashes."""

    blocking = False

    def __init__(self, settings: TtsSettings, own: EspeakSettings) -> None:
        self._settings = settings
        self._own = own
        self._wanted = own.voice_by_locale()
        self._helper: _Espeak | None = None
        self._lock = threading.Lock()
        self._restarts = 0
        self._problems: dict[str, None] = {}  # what `status` has not told yet, in order

    def load(self) -> None:
        """Start the helper and have it speak once: the first sentence must not pay for that. Raises ConfigError for
        voices of the settings that cannot speak.
        """
        if importlib.util.find_spec("espeakng_loader") is None:
            raise UnknownBackendError(
                "backend_not_installed",
                f"espeak-ng is not installed; install it with: {how_to_install('embedded')}",
            )
        self._helper = _Espeak(self._wanted)
        if self._settings.backend != "espeak":  # `voices` are the service's: those that espeak has are its own too
            self._wanted = {tag: name for tag, name in self._wanted.items() if self._helper.table.knows(name)}
            self._helper.table.wanted = self._wanted
        for locale in (self._settings.locale, *self._wanted):
            voice, known = self._helper.table.voice(locale)
            self._try(self._helper, voice)
            if not known:
                self._problems[f"espeak-ng has no voice for '{locale}'; '{voice}' speaks instead"] = None
        if self._helper.table.reads_no_kanji(self._settings.locale):
            self._problems["espeak-ng reads no kanji: they are left out; texts in kana are spoken"] = None

    def _try(self, helper: _Espeak, voice: str) -> None:
        if problem := voice_problem(voice):
            raise ConfigError("tts_voice", f"{problem}; check the parameter 'espeak.voices'")
        try:
            helper.ask(self._request("1.", voice))
        except _RefusedError as error:
            raise ConfigError("tts_voice", f"{error}; check the parameter 'espeak.voices'") from error
        except HelperDeadError as error:
            raise TtsError("tts_start", f"the espeak-ng helper failed: {error}", retryable=True) from error

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """A part for each piece of the text that one voice reads, mostly one, with all its marks.

        Raises TtsError: tts_unreadable where espeak-ng can read nothing of it.
        """
        yield from self._say(self._readable(for_espeak(text), locale))

    def voices(self) -> tuple[VoiceChoice, ...]:
        """espeak-ng's variants, which speak every language."""
        return tuple(VoiceChoice(variant, f"espeak-ng, {name}") for variant, name in VARIANTS.items())

    def speak_as(self, voice: str, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """As `speak`, by that variant of the language's voice, or by a voice that espeak-ng calls so."""
        runs = self._readable(for_espeak(text), locale, "" if voice in VARIANTS else voice)
        if voice in VARIANTS:
            runs = [Run(run.text, f"{run.voice.partition('+')[0]}+{voice}") for run in runs]
        yield from self._say(runs)

    def _say(self, runs: list[Run]) -> Iterator[Part]:
        said_s = 0.0
        for run in runs:
            with self._lock:
                pcm, events, rate_hz = self._ask_twice(run)
            end = min(len(pcm), speech_end_sample(events, len(pcm)) + round(_RELEASE_S * rate_hz))
            found = marks(events, run.text, rate_hz, min(end, len(pcm)))
            yield Part(pcm[:end], rate_hz, tuple(mark.shifted(said_s) for mark in found))
            said_s += end / rate_hz

    def _readable(self, text: str, locale: str, voice: str = "") -> list[Run]:
        with self._lock:
            table = self._started().table
        named = table.named(voice, locale) if voice else ""
        if voice and not named:
            self._problems[f"espeak-ng has no voice '{voice[:80]}', which was asked for: the usual one speaks"] = None
        known = not locale or bool(named) or table.voice(locale)[1]
        runs = table.runs(text, locale, named)
        readable = [run for run in runs if run.voice]
        lost = " ".join(run.text.strip() for run in runs if not run.voice)
        what = f"espeak-ng cannot read '{lost[:40]}' ({script_name(lost)})"
        if lost and not readable:
            raise TtsError(UNREADABLE, f"{what}, the language being '{locale}'; choose another backend for it")
        if lost:
            self._problems[f"{what}: left out"] = None
        if not known:
            by = ", ".join(dict.fromkeys(run.voice for run in readable))
            self._problems[f"espeak-ng has no voice for '{locale}'; '{by}' speaks instead"] = None
        return readable

    def expect(self) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """The helper's restarts, and what could not be read, or by no voice of its language, since last asked."""
        out = {"espeak_restarts": str(self._restarts)} if self._restarts else {}
        problems, self._problems = self._problems, {}
        return {**out, "warning": "; ".join(list(problems)[:_MOST_PROBLEMS])} if problems else out

    def close(self) -> None:
        """End the helper."""
        if self._helper is not None:
            self._helper.close()
            self._helper = None

    def _ask_twice(self, run: Run) -> tuple[Any, list[Any], int]:
        try:
            return self._ask(run)
        except HelperDeadError:
            self._restart()
        try:
            return self._ask(run)
        except HelperDeadError as error:
            self._restart()
            raise TtsError("tts_crashed", f"espeak-ng crashed twice on a text of {len(run.text)} characters") from error

    def _ask(self, run: Run) -> tuple[Any, list[Any], int]:
        helper = self._started()
        try:
            pcm, events = helper.ask(self._request(run.text, run.voice))
        except _RefusedError as error:
            raise TtsError("tts_refused", str(error)) from error
        return pcm, events, helper.rate_hz

    def _started(self) -> _Espeak:
        self._helper = self._helper or _Espeak(self._wanted)
        return self._helper

    def _request(self, text: str, voice: str) -> dict[str, Any]:
        own = self._own
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
        self._helper = _Espeak(self._wanted)


class _RefusedError(Exception):
    """espeak-ng refused the request; the helper lives."""


class _Espeak:
    """The helper's process, and what it said of itself."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._helper = Helper("avatar_ros.tts.espeak_process")
        try:
            kind, payload = self._helper.receive(START_TIMEOUT_S)
        except HelperDeadError as error:
            self.close()
            raise TtsError("tts_start", f"the espeak-ng helper did not start: {error}", retryable=True) from error
        hello = json.loads(payload) if kind == b"V" else {}
        self.rate_hz: int = hello["rate_hz"]
        self.table = VoiceTable(hello["voices"], wanted)

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
