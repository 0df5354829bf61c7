"""PocketSphinx (BSD): the answers file's sentences as a grammar, and a loop of phones to judge what it found.

The acoustic model and the dictionary come with the package. Both decoders run while the sound comes in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from ..core.answers_file import Answers
from ..core.errors import ConfigError
from ..core.paths import share_file
from ..core.types import Pcm
from . import automaton
from .base import AsrSettings, Heard
from .confidence import Segment, confidence, features, is_word
from .questions import load, pattern

Floats64 = NDArray[np.float64]

_GRAMMAR, _LOOP = "questions", "phones"
#: PocketSphinx hands out probabilities, exp(score), those of the phone loop scaled down by 2^10 (SENSCR_SHIFT).
_LOOP_SCALE = 1024.0
_SMALLEST = 1e-320
#: Less sound than this is not worth decoding.
_FEWEST_SAMPLES = 1600
#: Sound that is kept back until its cepstral mean is known: the pre-roll and the first word or two.
_HEAD_SAMPLES = 16000
#: PocketSphinx begins with this mean, as if it had been heard for so many frames (CMN_WIN of cmn.h): its own running
#: mean would reach a new voice or microphone after ten seconds only.
_FIRST_MEAN = np.array([40.0, 3.0, -1.0] + [0.0] * 10)
_FIRST_MEAN_FRAMES = 500
_FRAME_SAMPLES, _HOP_SAMPLES = 410, 160


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

    def start(self, head: Pcm) -> None:
        """Begin an utterance with its first second, whose cepstral mean is taken off from the first frame on."""
        mean = self._mean_text(head)
        for decoder in (self.words, self.phones):
            decoder.set_cmn(mean)
            decoder.start_utt()
        self.process(head)

    def _mean_text(self, head: Pcm) -> str:
        """Mean cepstrum of `head`: what PocketSphinx makes of it without searching, less what it began with."""
        self.phones.set_cmn(_text(_FIRST_MEAN))
        self.phones.start_utt()
        self.phones.process_raw(head.tobytes(), True, False)
        mixed = np.array([float(value) for value in self.phones.get_cmn(True).split(",")])
        self.phones.end_utt()
        frames = max((len(head) - _FRAME_SAMPLES) // _HOP_SAMPLES + 1, 1)
        return _text(mixed + (mixed - _FIRST_MEAN) * _FIRST_MEAN_FRAMES / frames)

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
        self._head: list[Pcm] = []
        self._started = False

    def accept(self, pcm: Pcm) -> None:
        """Decode the next sound."""
        if len(pcm) == 0:
            return
        self._samples += len(pcm)
        if self._started:
            self._decoders.process(pcm)
            return
        self._head.append(pcm)
        if self._samples >= _HEAD_SAMPLES:
            self._start()

    def partial(self) -> Heard:
        """The grammar's best beginning of a sentence; its confidence is not known yet."""
        if not self._started:
            return Heard(locale=self._locale)
        hypothesis = self._decoders.words.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        complete = bool(words) and self._decoders.grammar.accepts(words)
        return Heard(" ".join(words), 0.5 if words else 0.0, complete=complete, locale=self._locale)

    def finish(self) -> Heard:
        """The sentence, if it was one of the grammar's and probably said; else rejected."""
        found = Heard(rejected=True, locale=self._locale)
        if self._samples >= _FEWEST_SAMPLES:
            if not self._started:
                self._start()
            self._decoders.end()
            found = self._judge()
        self._free.append(self._decoders)
        return found

    def _start(self) -> None:
        self._decoders.start(np.concatenate(self._head))
        self._head.clear()
        self._started = True

    def evidence(self) -> tuple[str, dict[str, float]] | None:
        """After `finish`: the grammar's sentence and the features it is judged by, None where it found none."""
        if not self._started:
            return None
        words = self._sentence()
        return (" ".join(words), features(*self._segments(len(words)))) if words else None

    def _judge(self) -> Heard:
        words = self._sentence()
        if not words:
            return Heard(rejected=True, locale=self._locale)
        sure = confidence(*self._segments(len(words)))
        if sure < self._min_confidence:
            return Heard("", sure, rejected=True, locale=self._locale)
        return Heard(" ".join(words), sure, complete=True, locale=self._locale)

    def _sentence(self) -> list[str]:
        """What the grammar found, if it is a whole sentence, perhaps but for one last word that was only begun."""
        hypothesis = self._decoders.words.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        accepts = self._decoders.grammar.accepts
        return next((found for found in (words, words[:-1]) if found and accepts(found)), [])

    def _segments(self, count: int) -> tuple[list[Segment], list[Segment], list[Sequence[str]]]:
        """The first `count` words' segments and what lies between them, the phone loop's, and the words' phones."""
        words = _read_segments(self._decoders.words, 1.0)
        real = [word for word in words if is_word(word.text)]
        dropped = real[count:]
        lookup = self._decoders.words.lookup_word
        spoken = [lookup(word.text).split() for word in real[:count]]
        return [w for w in words if w not in dropped], _read_segments(self._decoders.phones, _LOOP_SCALE), spoken


def _text(mean: Floats64) -> str:
    return ",".join(f"{value:.4f}" for value in mean)


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
