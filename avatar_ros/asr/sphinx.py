"""PocketSphinx (BSD): the answers file's sentences as a grammar, and a loop of phones to judge what it found.

The acoustic model and the dictionary come with the package. Both decoders run while the sound comes in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pocketsphinx

from ..core.answers_file import Answers
from ..core.errors import ConfigError
from ..core.paths import share_file
from ..core.types import Pcm
from . import automaton
from .base import AsrSettings, Heard
from .confidence import Segment, confidence, features, is_word
from .questions import load, pattern

_GRAMMAR, _LOOP = "questions", "phones"
#: PocketSphinx hands out probabilities, exp(score), those of the phone loop scaled down by 2^10 (SENSCR_SHIFT).
_LOOP_SCALE = 1024.0
_SMALLEST = 1e-320
#: Frames of 10 ms; less sound than this is not worth decoding.
_FEWEST_SAMPLES = 1600


class SphinxRecogniser:
    """Recogniser. Each utterance needs a pair of decoders of its own; pairs are used again."""

    def __init__(self, settings: AsrSettings) -> None:
        self._settings = settings
        self._questions: Answers | None = None
        self._grammar: automaton.Automaton | None = None
        self._free: list[_Decoders] = []

    def load(self) -> None:
        """Read the questions and make the first pair. Raises ConfigError naming words without a pronunciation."""
        self._questions = load(share_file(self._settings.answers_file))
        self._grammar = automaton.build(pattern(self._questions))
        self._free.append(self._decoders())
        warm = self.start()
        warm.accept(np.zeros(8000, np.int16))
        warm.finish()

    def start(self) -> SphinxHearing:
        """Begin an utterance with a free pair, or a new one."""
        assert self._questions is not None
        decoders = self._free.pop() if self._free else self._decoders()
        return SphinxHearing(decoders, self._settings.min_confidence, self._questions.locale, self._free)

    def close(self) -> None:
        """Drop the decoders."""
        self._free.clear()

    def _decoders(self) -> _Decoders:
        assert self._questions is not None and self._grammar is not None
        return _Decoders(self._grammar, self._questions.pronunciations)


class _Decoders:
    """The grammar's decoder and the phone loop's."""

    def __init__(self, grammar: automaton.Automaton, pronunciations: Mapping[str, str]) -> None:
        self.grammar = grammar
        # compallsen: scores are relative to the best of ALL senones, so that the two decoders' can be compared.
        options = {"lm": None, "loglevel": "FATAL", "compallsen": True}
        self.words = pocketsphinx.Decoder(**options)
        _teach(self.words, grammar.words, pronunciations)
        self.words.add_fsg(_GRAMMAR, _fsg(self.words, grammar))
        self.words.activate_search(_GRAMMAR)
        self.phones = pocketsphinx.Decoder(**options)
        self.phones.add_allphone_file(_LOOP, f"{pocketsphinx.get_model_path()}/en-us/en-us-phone.lm.bin")
        self.phones.activate_search(_LOOP)

    def start(self) -> None:
        self.words.start_utt()
        self.phones.start_utt()

    def process(self, pcm: Pcm) -> None:
        data = pcm.tobytes()
        self.words.process_raw(data, False, False)
        self.phones.process_raw(data, False, False)

    def end(self) -> None:
        self.words.end_utt()
        self.phones.end_utt()


class SphinxHearing:
    """Hearing."""

    def __init__(self, decoders: _Decoders, min_confidence: float, locale: str, free: list[_Decoders]) -> None:
        self._decoders = decoders
        self._min_confidence = min_confidence
        self._locale = locale
        self._free = free
        self._samples = 0
        decoders.start()

    def accept(self, pcm: Pcm) -> None:
        """Decode the next sound."""
        if len(pcm):
            self._samples += len(pcm)
            self._decoders.process(pcm)

    def partial(self) -> Heard:
        """The grammar's best beginning of a sentence; its confidence is not known yet."""
        hypothesis = self._decoders.words.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        complete = bool(words) and self._decoders.grammar.accepts(words)
        return Heard(" ".join(words), 0.5 if words else 0.0, complete=complete, locale=self._locale)

    def finish(self) -> Heard:
        """The sentence, if it was one of the grammar's and probably said; else rejected."""
        self._decoders.end()
        found = self._judge() if self._samples >= _FEWEST_SAMPLES else Heard(rejected=True, locale=self._locale)
        self._free.append(self._decoders)
        return found

    def evidence(self) -> tuple[str, dict[str, float]] | None:
        """After `finish`: the grammar's sentence and the features it is judged by, None where it found none."""
        hypothesis = self._decoders.words.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        if not words or not self._decoders.grammar.accepts(words):
            return None
        return " ".join(words), features(*self._segments())

    def _judge(self) -> Heard:
        hypothesis = self._decoders.words.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        if not words or not self._decoders.grammar.accepts(words):
            return Heard(rejected=True, locale=self._locale)
        sure = confidence(*self._segments())
        if sure < self._min_confidence:
            return Heard("", sure, rejected=True, locale=self._locale)
        return Heard(" ".join(words), sure, complete=True, locale=self._locale)

    def _segments(self) -> tuple[list[Segment], list[Segment], list[Sequence[str]]]:
        words = _read_segments(self._decoders.words, 1.0)
        lookup = self._decoders.words.lookup_word
        spoken = [lookup(word.text).split() for word in words if is_word(word.text)]
        return words, _read_segments(self._decoders.phones, _LOOP_SCALE), spoken


def _read_segments(decoder: Any, scale: float) -> list[Segment]:
    return [
        Segment(s.word, s.start_frame, s.end_frame, scale * math.log(max(s.ascore, _SMALLEST)))
        for s in decoder.seg() or ()
        if s.end_frame >= s.start_frame
    ]


def _fsg(decoder: Any, grammar: automaton.Automaton) -> Any:
    """The automaton with equal chances at each state; one more state collects all ends."""
    end = len(grammar.arcs)
    transitions: list[tuple[Any, ...]] = []
    for state, arcs in enumerate(grammar.arcs):
        chance = 1.0 / (len(arcs) + (state in grammar.finals))
        transitions.extend((state, target, chance, word) for word, target in arcs.items())
        if state in grammar.finals:
            transitions.append((state, end, chance))
    return decoder.create_fsg(_GRAMMAR, 0, end, transitions)


def _teach(decoder: Any, words: frozenset[str], pronunciations: Mapping[str, str]) -> None:
    missing = sorted(word for word in words if decoder.lookup_word(word) is None)
    unknown = [word for word in missing if word not in pronunciations]
    if unknown:
        raise ConfigError(
            "asr_unknown_words",
            f"no pronunciation is known for: {', '.join(unknown)}; correct the spelling, use another word, or add the "
            "word to `pronunciations` in the answers file",
        )
    for word in missing:
        decoder.add_word(word, pronunciations[word], True)
