"""Streaming with a model that takes whole utterances: they are decoded while they grow, and when they fall silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.arrays import Pcm
from ..core.clock import Clock
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import GUESS_CONFIDENCE
from .base import Hypothesis
from .decode_budget import Decode, DecodeBudget
from .rich_tags import parse
from .stable_prefix import StablePrefix
from .utterance_levels import FEWEST_SAMPLES, SpeechSpan

_QUESTION_MARKS = ("?", "？")
_FULL_STOPS = ".。．"
#: Silence in which the words are decoded, s: where it was the end, they are known before vad_node's wait is over. Of a
#: pause soon after the last decode a longer silence is asked: else people who speak haltingly cost twice the work.
_SILENCE_S, _NEXT_SILENCE_S, _SOON_S = 0.1, 0.2, 1.2
#: What a decode of all that was said has at least: it is no guess. Words after which somebody spoke on are.
_NO_GUESS = GUESS_CONFIDENCE + 0.05


class UtteranceDecoder:
    """A RecognitionStream. Its result is ready once the utterance is silent, mostly before vad_node has ended it.

    locale: of hypotheses where the model names no language; min_confidence: with less a hypothesis is rejected;
    stable: while somebody speaks, only words are given on which two decodes in a row agree.
    """

    def __init__(
        self,
        decode: Decode,
        budget: DecodeBudget,
        clock: Clock,
        locale: str,
        min_confidence: float,
        *,
        stable: bool = False,
    ) -> None:
        self._decode = decode
        self._budget = budget
        self._clock = clock
        self._nothing = Hypothesis(rejected=True, locale=locale)
        self._min_confidence = min_confidence
        self._parts: list[Pcm] = []
        self._speech = SpeechSpan(_SILENCE_S)
        self._spent_s = 0.0
        self._decoded_to: int | None = None  # sample up to which the last pause's decode heard
        self._prefix = StablePrefix() if stable else None
        self._partial = Hypothesis(locale=locale)
        self._result: Hypothesis | None = None

    def accept(self, pcm: Pcm) -> None:
        """Take the next sound; decode where it has just fallen silent."""
        self._parts.append(pcm)
        if self._speech.add(pcm):
            self._result = None
        if self._result is None and self._may_be_over:
            self._decoded_to = self._speech.last_sample
            self._result = self._decoded()
            self._partial = _as_partial(self._result)
            self._stable(self._partial)

    def partial(self) -> Hypothesis:
        """The result, once it is silent, complete where it is a question; before that as often as the budget allows."""
        if self._result is not None:
            return _as_partial(self._result, complete=self._result.text.endswith(_QUESTION_MARKS))
        sound_s = self._speech.last_sample / LISTENING_RATE_HZ
        if self._speech.loud_now and self._budget.allows(sound_s, self._spent_s):
            began_s = self._clock.now_s()
            self._partial = self._stable(_as_partial(self._decoded()))
            self._spent_s += self._clock.now_s() - began_s
        return replace(self._partial, confidence=min(self._partial.confidence, GUESS_CONFIDENCE))

    def finish(self) -> Hypothesis:
        """The words; rejected where there are none, unless a sound event was recognised."""
        return self._result or self._decoded()

    def abandon(self) -> None:
        """Nothing is kept outside."""

    @property
    def sound_s(self) -> float:
        """Length of what was taken, s."""
        return sum(map(len, self._parts)) / LISTENING_RATE_HZ

    @property
    def speech(self) -> SpeechSpan:
        """Where the speech in it is."""
        return self._speech

    @property
    def _may_be_over(self) -> bool:
        fresh_samples = self._speech.last_sample - (self._decoded_to or 0)
        soon = self._decoded_to is not None and fresh_samples < _SOON_S * LISTENING_RATE_HZ
        return self._speech.fell_silent and self._speech.silent_s >= (_NEXT_SILENCE_S if soon else _SILENCE_S)

    def _stable(self, found: Hypothesis) -> Hypothesis:
        return replace(found, text=self._prefix.take(found.text)) if self._prefix is not None else found

    def _decoded(self) -> Hypothesis:
        sound = np.concatenate([np.zeros(0, np.int16), *self._parts])
        self._parts = [sound]
        sound = sound[self._speech.first_sample : self._speech.last_sample]
        if len(sound) < FEWEST_SAMPLES:
            return self._nothing
        return self._hypothesis(*self._budget.measured(self._decode, sound, self._clock))

    def _hypothesis(self, rich: str, confidence: float) -> Hypothesis:
        found = parse(rich)
        text = found.text if confidence >= self._min_confidence else ""
        return Hypothesis(
            text,
            confidence,
            rejected=not text and not found.events,
            complete=bool(text),
            locale=found.locale or self._nothing.locale,
            emotion=found.emotion,
            events=found.events,
        )


def _as_partial(final: Hypothesis, *, complete: bool = False) -> Hypothesis:
    """Without the full stop, which the model puts at the end of everything."""
    confidence = max(final.confidence, _NO_GUESS) if final.text else final.confidence
    text = final.text.rstrip(_FULL_STOPS)
    return replace(final, text=text, confidence=confidence, rejected=False, complete=complete)
