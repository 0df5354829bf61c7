"""A fallback voice that goes on where the first one failed, without saying again what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..core.clock import Clock, SteadyClock
from ..core.enums import MarkKind
from ..core.errors import ConfigError, TtsError
from ..core.fallback import Fallback
from ..core.levels import is_audible
from ..core.spoken_text import usual_duration_s, words_said
from .base import (
    NO_VOICE,
    UNREADABLE,
    BusyError,
    ManyVoices,
    Part,
    TtsSettings,
    Voice,
    VoiceChoice,
    VoiceMark,
    spoken_by,
)
from .cancel_token import CancelToken
from .error_capture import ErrorCapture
from .sentence import checked

#: Note of a fault that nobody heard.
SAID_ANYWAY = "the other voice has said the sentence to its end"
_MOST_PROBLEMS = 3


class VoiceWithFallback:
    """Speaks with `first`; while that fails, with `fallback`. `first` is tried again `retry_s` after it failed.

    A permanent refusal (a wrong key) is an error of `first` like any other: the kiosk must not stay mute. So is a fault
    of a library or of ours, which is raised all the same when the sentence has been said. A text that `first` cannot
    read is no failure: `fallback` says it, and `first` the next one.
    """

    blocking = True

    def __init__(self, first: Voice, fallback: Voice, settings: TtsSettings, clock: Clock | None = None) -> None:
        self._first = first
        self._fallback = fallback
        self._clock = clock or SteadyClock()
        self._names = settings.backend, settings.fallback
        self._state = Fallback(*self._names, settings.retry_s)
        self._unread: dict[str, None] = {}  # what `status` has not told yet, in order

    def load(self) -> None:
        """Load both; a first voice that cannot be loaded for want of its service, or its weights, is no reason to be
        mute.
        """
        self._fallback.load()
        try:
            self._first.load()
        except TtsError as error:
            self._fail(error)
        except ConfigError as error:
            if error.code not in NO_VOICE:
                raise
            self._fail(TtsError(error.code, error.text))

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """The sound of `text` by one voice, or by one and then the other."""
        yield from self.speak_as("", text, locale, stop)

    def voices(self) -> tuple[VoiceChoice, ...]:
        """Those of the first."""
        return self._first.voices() if isinstance(self._first, ManyVoices) else ()

    def speak_as(self, voice: str, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """The same by that voice of the first."""
        stop = stop or CancelToken()
        if not self._state.is_due(self._clock.now_s()):
            yield from self._fallback.speak(text, locale, stop)
            return
        said, kept = _Said(text), ErrorCapture()
        with kept:
            yield from self._speak_first(voice, text, locale, said, stop)
        if stop.cancelled:
            return  # how a voice that is stopped ends says nothing of its service
        if kept.error is None:
            self._state.works()
            return
        if isinstance(kept.error, TtsError) and kept.error.code == UNREADABLE:
            self._unread[f"{kept.error}; '{self._names[1]}' says it"] = None
        else:
            self._fail(kept.error)
        yield from self._finish(said, locale, stop)
        if not isinstance(kept.error, TtsError):
            kept.error.add_note(SAID_ANYWAY)
            raise kept.error

    def expect(self) -> None:
        """The first voice may have to connect, unless it is left alone; the fallback is always ready."""
        if self._state.is_due(self._clock.now_s()):
            self._first.expect()

    def status(self) -> Mapping[str, str]:
        """Which voice speaks, and why."""
        out = {**self._fallback.status(), **self._first.status(), "voice_failures": str(self._state.failures)}
        unread, self._unread = self._unread, {}
        told = [text for text in (self._state.warning, *unread, out.get("warning", "")) if text]
        if told:
            out["warning"] = "; ".join(told[:_MOST_PROBLEMS])
        return out

    def close(self) -> None:
        """Close both."""
        self._first.close()
        self._fallback.close()

    def _speak_first(self, voice: str, text: str, locale: str, said: _Said, stop: CancelToken) -> Iterator[Part]:
        """Parts of the first voice; what is silent is held back until something is heard."""
        held: list[Part] = []
        for part in checked(spoken_by(self._first, voice, text, locale, stop)):
            held.append(part)
            if said.heard_s or is_audible(part.pcm):
                for heard in held:
                    said.hear(heard)
                    yield heard
                held.clear()
        if not said.heard_s:
            raise TtsError("tts_silent", "the voice service sent no audible sound", retryable=True)

    def _fail(self, error: Exception) -> None:
        why = str(error) if isinstance(error, TtsError) else f"a fault in the program, {type(error).__name__}"
        asked_s = error.retry_after_s if isinstance(error, BusyError) else 0.0
        self._state.failed(why, self._clock.now_s(), asked_s)

    def _finish(self, said: _Said, locale: str, stop: CancelToken) -> Iterator[Part]:
        rest = said.rest()
        if not any(character.isalnum() for character in rest):
            return
        for part in self._fallback.speak(rest, locale, stop):
            moved = (VoiceMark(m.kind, m.text, m.start_s + said.heard_s, m.end_s + said.heard_s) for m in part.marks)
            yield Part(part.pcm, part.sample_rate_hz, tuple(moved))


class _Said:
    """How much of a text was given as sound: by word marks, else by the usual speed of speech."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[VoiceMark] = []
        self.heard_s = 0.0

    def hear(self, part: Part) -> None:
        """Take note of a part."""
        self.heard_s += len(part.pcm) / part.sample_rate_hz
        self._words.extend(mark for mark in part.marks if mark.kind is MarkKind.WORD)

    def rest(self) -> str:
        """What is left to say. A word that was cut off counts as said when more than half of it was heard."""
        if self.heard_s == 0:
            return self._text
        if self._words:
            return self._after_words()
        share = min(1.0, self.heard_s / usual_duration_s(self._text))
        return self._text[len(words_said(self._text, share)) :].strip()

    def _after_words(self) -> str:
        at = 0
        for word in sorted(self._words, key=lambda mark: mark.start_s):
            found = self._text.find(word.text, at)
            if (word.start_s + word.end_s) / 2 <= self.heard_s and found >= 0:
                at = found + len(word.text)
        return self._text[at:].strip().lstrip(",.;:!?").strip()
