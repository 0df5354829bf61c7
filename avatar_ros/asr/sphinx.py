"""PocketSphinx (BSD): the answers file's sentences as a grammar, and free phones and words to judge what it found.

The acoustic model and the dictionary come with the package. The words so far are found while the sound comes in; what
counts is a second look at the whole utterance, whose cepstral mean is known only then. It is taken as soon as the
utterance falls silent, so that the result is ready when the silence has lasted long enough to be the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pocketsphinx

from ..core.answers_file import Answers
from ..core.errors import ConfigError
from ..core.paths import share_file
from ..core.types import Pcm
from . import automaton
from .base import AsrSettings, Heard
from .confidence import Rival, Segment, features, is_word, probability, silent_share
from .free_words import FreeWords, mean_text
from .questions import load, pattern
from .span import SpeechSpan

_GRAMMAR, _LOOP = "questions", "phones"
_OPTIONS = {"lm": None, "loglevel": "FATAL"}
#: PocketSphinx hands out probabilities, exp(score), those of the phone loop scaled down by 2^10 (SENSCR_SHIFT).
_LOOP_SCALE = 1024.0
_SMALLEST = 1e-320
#: Less sound than this is not worth decoding.
_FEWEST_SAMPLES = 1600
#: The first sound, whose cepstral mean the words heard so far are found with; the final result uses the true mean.
_HEAD_SAMPLES = 12800
#: RMS of the loudest 20 ms after levelling, of the noise that is added, int16; noise before and after.
_LOUDEST_RMS, _HISS_RMS, _PADDING_SAMPLES = 6000.0, 50.0, 1600
#: Recorded and synthetic noise: at least this share of it is silence to the phone loop; of the shortest words, half.
_MOST_SILENCE = 0.78
#: Search beams of the second try, made where the first, PocketSphinx's own, found nothing sure: 3 times the work.
_WIDE = {"beam": 1e-60, "pbeam": 1e-60, "wbeam": 1e-40, "maxhmmpf": 1500}


class SphinxRecogniser:
    """Recogniser. Each utterance needs a set of decoders of its own; sets are used again."""

    def __init__(self, settings: AsrSettings) -> None:
        self._settings = settings
        self._questions: Answers | None = None
        self._grammar: automaton.Automaton | None = None
        self._free: list[_Decoders] = []

    def load(self) -> None:
        """Read the questions and make the first set. Raises ConfigError naming words without a pronunciation."""
        self._questions = load(share_file(self._settings.answers_file))
        self._grammar = automaton.build(pattern(self._questions))
        self._free.append(self._decoders())
        warm = self.start()
        warm.accept(np.zeros(8000, np.int16))
        warm.finish()

    def start(self) -> SphinxHearing:
        """Begin an utterance with a free set, or a new one."""
        assert self._questions is not None
        decoders = self._free.pop() if self._free else self._decoders()
        return SphinxHearing(decoders, self._settings.min_confidence, self._questions.locale, self._free)

    def close(self) -> None:
        """Drop the decoders."""
        self._free.clear()

    def _decoders(self) -> _Decoders:
        assert self._questions is not None and self._grammar is not None
        return _Decoders(self._grammar, self._questions.pronunciations)


@dataclass(frozen=True)
class Judged:
    """A whole sentence of the grammar, what speaks for it, and the probability that it was said."""

    text: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0


class _Decoders:
    """Two go with the sound, the grammar's and the free words'; the others take the whole utterance at once."""

    def __init__(self, grammar: automaton.Automaton, pronunciations: Mapping[str, str]) -> None:
        self.grammar = grammar
        # compallsen: scores are relative to the best of ALL senones, so that grammar's and loop's can be compared.
        self.live = _grammar_decoder(grammar, pronunciations)
        self.free = FreeWords()
        self.words = _grammar_decoder(grammar, pronunciations, compallsen=True)
        self.wide = _grammar_decoder(grammar, pronunciations, compallsen=True, **_WIDE)
        self.phones = pocketsphinx.Decoder(**_OPTIONS, compallsen=True)
        self.phones.add_allphone_file(_LOOP, f"{pocketsphinx.get_model_path()}/en-us/en-us-phone.lm.bin")
        self.phones.activate_search(_LOOP)

    def start(self, head: Pcm, loudest: float) -> None:
        """Begin an utterance with its first sound, whose cepstral mean is taken off from the first frame on."""
        data = head.tobytes()
        self.live.set_cmn(mean_text(self.live, data))
        self.live.start_utt()
        self.live.process_raw(data, False, False)
        self.free.start(head, loudest)

    def accept(self, pcm: Pcm) -> None:
        """The next sound."""
        self.live.process_raw(pcm.tobytes(), False, False)
        self.free.accept(pcm)

    def end(self) -> None:
        """The utterance is over."""
        self.live.end_utt()
        self.free.end()

    def judge(self, pcm: Pcm, first_sample: int, enough: float) -> tuple[Judged, ...]:
        """Sentences that a whole utterance may be, searched more widely where the first is not sure `enough`.

        first_sample: where in the utterance `pcm` begins.
        """
        data = pcm.tobytes()
        _decode(self.phones, data)
        loop = _read_segments(self.phones, _LOOP_SCALE)
        if silent_share(loop) > _MOST_SILENCE:
            return (Judged(),)
        rival = self.free.rival(first_sample)
        first = self._try(self.words, data, loop, rival)
        if first.confidence >= enough:
            return (first,)
        return first, self._try(self.wide, data, loop, rival)

    def _try(self, decoder: Any, data: bytes, loop: list[Segment], rival: Rival) -> Judged:
        _decode(decoder, data)
        words = self.sentence(decoder)
        if not words:
            return Judged()
        segments = _read_segments(decoder, 1.0)
        real = [segment for segment in segments if is_word(segment.text)]
        spoken = [decoder.lookup_word(segment.text).split() for segment in real[: len(words)]]
        dropped = real[len(words) :]
        kept = [segment for segment in segments if segment not in dropped]
        found = features(kept, loop, spoken, rival, dropped=bool(dropped))
        return Judged(" ".join(words), found, probability(found))

    def sentence(self, decoder: Any) -> list[str]:
        """What the grammar found, if it is a whole sentence, perhaps but for one last word that was only begun."""
        hypothesis = decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        return next((found for found in (words, words[:-1]) if found and self.grammar.accepts(found)), [])


class SphinxHearing:
    """Hearing. As soon as the utterance falls silent it is recognised as a whole: mostly the end is near."""

    def __init__(self, decoders: _Decoders, min_confidence: float, locale: str, free: list[_Decoders]) -> None:
        self._decoders = decoders
        self._min_confidence = min_confidence
        self._locale = locale
        self._free = free
        self._pcm = np.zeros(0, np.int16)
        self._speech = SpeechSpan()
        self._live = False
        self._judged: tuple[Judged, ...] = ()

    def accept(self, pcm: Pcm) -> None:
        """Decode the next sound."""
        if len(pcm) == 0:
            return
        self._pcm = np.concatenate([self._pcm, pcm])
        if self._speech.add(pcm):
            self._judged = ()
        if self._live:
            self._decoders.accept(pcm)
        elif len(self._pcm) >= _HEAD_SAMPLES:
            self._begin()
        if not self._judged and self._speech.fell_silent:
            self._judge()

    def partial(self) -> Heard:
        """The sentence, once it is over; before, the grammar's best beginning, of unknown confidence."""
        if self._judged:
            return replace(self._heard(), rejected=False)
        hypothesis = self._decoders.live.hyp() if self._live else None
        text = hypothesis.hypstr if hypothesis else ""
        return Heard(text, 0.5 if text else 0.0, locale=self._locale)

    def finish(self) -> Heard:
        """The sentence, if it was one of the grammar's and probably said; else rejected."""
        if not self._judged:
            self._judge()
        self._release()
        return self._heard()

    def abandon(self) -> None:
        """Give the decoders to the next utterance."""
        self._release()

    def evidence(self) -> tuple[Judged, ...]:
        """After `finish`: the grammar's sentences, accepted or not, and the features they are judged by."""
        return self._judged

    def _begin(self) -> None:
        self._decoders.start(self._pcm, self._speech.loudest)
        self._live = True

    def _release(self) -> None:
        if self._live:
            self._decoders.end()
            self._live = False
        self._free.append(self._decoders)

    def _judge(self) -> None:
        first_sample = self._speech.first_sample
        sound = self._pcm[first_sample : self._speech.last_sample]
        if len(sound) < _FEWEST_SAMPLES:
            self._judged = (Judged(),)
            return
        if not self._live:
            self._begin()
        prepared = _prepared(sound, self._speech.loudest)
        self._judged = self._decoders.judge(prepared, first_sample - _PADDING_SAMPLES, self._min_confidence)

    def _heard(self) -> Heard:
        judged = max(self._judged, key=lambda one: one.confidence)
        if judged.confidence < self._min_confidence or not judged.text:
            return Heard("", judged.confidence, rejected=True, locale=self._locale)
        return Heard(judged.text, judged.confidence, complete=True, locale=self._locale)


def _read_segments(decoder: Any, scale: float) -> list[Segment]:
    return [
        Segment(s.word, s.start_frame, s.end_frame, scale * math.log(max(s.ascore, _SMALLEST)))
        for s in decoder.seg() or ()
        if s.end_frame >= s.start_frame
    ]


def _prepared(sound: Pcm, loudest: float) -> Pcm:
    """Sound at the usual level, in soft noise: the logarithms of digital silence would spoil the cepstral mean."""
    levelled = np.pad(sound * (_LOUDEST_RMS / loudest), _PADDING_SAMPLES)
    levelled += np.random.default_rng(0).normal(0.0, _HISS_RMS, len(levelled))
    return np.clip(np.rint(levelled), -32768, 32767).astype(np.int16)


def _decode(decoder: Any, data: bytes) -> None:
    """A whole utterance, with its own cepstral mean."""
    decoder.start_utt()
    decoder.process_raw(data, False, True)
    decoder.end_utt()


def _grammar_decoder(grammar: automaton.Automaton, pronunciations: Mapping[str, str], **options: Any) -> Any:
    decoder = pocketsphinx.Decoder(**_OPTIONS, **options)
    _teach(decoder, grammar.words, pronunciations)
    decoder.add_fsg(_GRAMMAR, _fsg(decoder, grammar))
    decoder.activate_search(_GRAMMAR)
    return decoder


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
