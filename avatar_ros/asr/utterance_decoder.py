"""Hearing with a model that takes whole utterances: decoded again while they grow, and as soon as they fall silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..core.arrays import Pcm
from ..core.clock import Clock
from ..core.rates import LISTENING_RATE_HZ
from .base import Heard
from .decode_budget import DecodeBudget
from .rich_tags import parse
from .utterance_levels import SpeechSpan

#: Less sound than this is not worth decoding.
_FEWEST_SAMPLES = 1600
_QUESTION_MARKS = ("?", "？")
_FULL_STOPS = ".。．"

#: A whole utterance, int16 at 16 kHz, to SenseVoice's rich text and its confidence, 0–1.
Decode = Callable[[Pcm], tuple[str, float]]


class UtteranceDecoder:
    """Hearing. The result is ready when the silence has lasted long enough to be the end: mostly it is.

    locale: said where the model names no language; min_confidence: what is understood with less is rejected.
    """

    def __init__(self, decode: Decode, pace: DecodeBudget, clock: Clock, locale: str, min_confidence: float) -> None:
        self._decode = decode
        self._pace = pace
        self._clock = clock
        self._nothing = Heard(rejected=True, locale=locale)
        self._min_confidence = min_confidence
        self._parts: list[Pcm] = []
        self._speech = SpeechSpan()
        self._spent_s = 0.0
        self._said = Heard(locale=locale)
        self._result: Heard | None = None

    def accept(self, pcm: Pcm) -> None:
        """Take the next sound; decode where it has just fallen silent."""
        self._parts.append(pcm)
        if self._speech.add(pcm):
            self._result = None
        if self._result is None and self._speech.fell_silent:
            self._result = self._heard()
            self._said = _unfinished(self._result, asked=False)

    def partial(self) -> Heard:
        """The result, once it is silent; while somebody speaks, the words so far, as often as they are affordable."""
        if self._result is not None:
            return _unfinished(self._result, asked=self._result.text.endswith(_QUESTION_MARKS))
        sound_s = self._speech.last_sample / LISTENING_RATE_HZ
        if self._speech.loud_now and self._pace.allows(sound_s, self._spent_s):
            began_s = self._clock.now_s()
            self._said = _unfinished(self._heard(), asked=False)
            self._spent_s += self._clock.now_s() - began_s
        return self._said

    def finish(self) -> Heard:
        """The words; rejected where there are none, unless it was a sound that has a name."""
        return self._result or self._heard()

    def abandon(self) -> None:
        """Nothing is kept outside."""

    def _heard(self) -> Heard:
        sound = np.concatenate([np.zeros(0, np.int16), *self._parts])
        self._parts = [sound]
        sound = sound[self._speech.first_sample : self._speech.last_sample]
        if len(sound) < _FEWEST_SAMPLES:
            return self._nothing
        began_s = self._clock.now_s()
        rich, confidence = self._decode(sound)
        self._pace.took(len(sound) / LISTENING_RATE_HZ, self._clock.now_s() - began_s)
        return self._judged(rich, confidence)

    def _judged(self, rich: str, confidence: float) -> Heard:
        found = parse(rich)
        text = found.text if confidence >= self._min_confidence else ""
        return Heard(
            text,
            confidence,
            rejected=not text and not found.events,
            complete=bool(text),
            locale=found.locale or self._nothing.locale,
            emotion=found.emotion,
            events=found.events,
        )


def _unfinished(heard: Heard, *, asked: bool) -> Heard:
    """A result as a partial. A question mark is believed; a full stop is put at the end of everything, so it is not."""
    return replace(heard, text=heard.text.rstrip(_FULL_STOPS), rejected=False, complete=asked)
