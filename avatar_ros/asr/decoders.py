"""The decoders of one utterance: two passes over the grammar, and what their hypothesis is scored against."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pocketsphinx

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..speech import minimal_dfa as automaton
from ..speech.phone_network import PhoneNetwork
from ..speech.phrase_grammar import Series, Word
from .cepstral_mean import HeadCepstrum
from .confidence import (
    Rival,
    Segment,
    confidence_features,
    is_sure,
    is_word,
    probability,
    quick_score,
    rival_errors,
    silent_share,
)
from .filler_process import FillerProcess
from .phone_loop_process import PhoneLoopProcess, decode_utterance, read_segments
from .rescoring import Rescorer
from .utterance_levels import LevelTracker

_GRAMMAR, _SENTENCE = "questions", "sentence"
#: Without PocketSphinx's dictionary: reading its 135 000 words takes longer than all else, for each decoder anew. The
#: filler model has it, and gives the others the pronunciations of their few hundred words.
_OPTIONS = {"lm": None, "dict": None, "loglevel": "FATAL"}
#: Sound of which the phone loop decodes more than this share as silence is noise (noise: above it; the shortest words:
#: a half).
_MOST_SILENCE = 0.78
#: quick_score of a sentence that is worth a second pass where another recogniser writes down what is rejected.
_MAY_BE_KNOWN = 1.2
_SURE_CONFIDENCE = 0.97
#: Shorter sentences are found in anything: a French "voilà" was surely "why not".
_FEWEST_SURE_WORDS = 3
#: Silence before and after what is scored.
_PADDING_SAMPLES = 1600


#: The sentence of the first pass, and the network's.
Found = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class ScoredSentence:
    """A whole sentence of the grammar, the features of its confidence, and the probability that it was said."""

    text: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0


@dataclass(frozen=True)
class _Competitors:
    """What a sentence is scored against: phone loop and filler words; and where the sound lies."""

    loop: list[Segment]
    rival: Rival
    first_sample: int
    samples: int


class Decoders:
    """First pass, filler model and rescorer run with the sound; second pass and phone loop take a whole utterance."""

    def __init__(
        self,
        grammar: automaton.Automaton,
        pronunciations: Mapping[str, str],
        network: PhoneNetwork,
        ask_the_same: Callable[[Sequence[str], Sequence[str]], bool] = operator.eq,
    ) -> None:
        """ask_the_same: whether two sentences have the same answer."""
        self._ask_the_same = ask_the_same
        self.grammar = grammar
        self.phone_loop = PhoneLoopProcess()
        self.filler = FillerProcess()
        self.mean = HeadCepstrum()
        lexicon = _lexicon(self.filler, grammar.words, pronunciations)
        # compallsen: scores are relative to the best of ALL senones, so that grammar's and loop's can be compared.
        self.first_pass = _grammar_decoder(grammar, lexicon, ds=2)  # partial hypotheses
        self.second_pass = _grammar_decoder(grammar, lexicon, compallsen=True)
        self.rescorer = Rescorer(network, grammar, lexicon)
        self._level = LevelTracker(0.0)

    def start(self, head: Pcm, loudest: float) -> None:
        """Begin an utterance with its first sound, whose cepstral mean is taken off from the first frame on."""
        data = head.tobytes()
        self.first_pass.reinit_feat()
        self.first_pass.set_cmn(self.mean.text(data))
        self.first_pass.start_utt()
        self.first_pass.process_raw(data, False, False)
        self._level = LevelTracker(loudest)
        levelled = self._level.level(head)
        self.filler.start(levelled)
        self.rescorer.start(levelled)

    def accept(self, pcm: Pcm) -> None:
        """The next sound."""
        self.first_pass.process_raw(pcm.tobytes(), False, False)
        levelled = self._level.level(pcm)
        self.filler.accept(levelled)
        self.rescorer.accept(levelled)

    def end(self) -> None:
        """The utterance is over."""
        self.first_pass.end_utt()
        self.filler.end()
        self.rescorer.end()

    def score(self, sound: Pcm, first_sample: int, loudest: float) -> tuple[ScoredSentence, ...]:
        """Final hypotheses: PocketSphinx's, and the network's where that is another one.

        sound: the part with speech, which begins at `first_sample` of the utterance; loudest: as of LevelTracker.
        """
        data = LevelTracker(loudest).level(np.pad(sound, _PADDING_SAMPLES)).tobytes()
        self.phone_loop.start(data)
        decode_utterance(self.second_pass, data)
        loop = self.phone_loop.result()
        if silent_share(loop) > _MOST_SILENCE:
            return (ScoredSentence(),)
        second = self.rescorer.sentence()
        against = _Competitors(loop, self.filler.rival(first_sample - _PADDING_SAMPLES), first_sample, len(sound))
        scored = [self._scored(against)]
        if second and " ".join(second) != scored[0].text:
            scored.append(self._scored_as(second, data, against))
        return tuple(scored)

    def found(self) -> Found:
        """What the first pass and the network take the sound so far for; () where that is no whole sentence."""
        return tuple(self.sentence(self.first_pass)), self.rescorer.sentence()

    def surely(self, first_sample: int, last_sample: int) -> ScoredSentence | None:
        """The sentence that the first pass and the network found both, or two that ask the same, or the network's alone
        where it fits very well and the other does not: fits so well that the second pass would say the same, for which
        its answer need not wait. None where there is no such sentence.
        """
        heard, network = self.found()
        found = {words: self._quick_features(words, first_sample, last_sample) for words in {heard, network} - {()}}
        scores = {words: quick_score(features) for words, features in found.items()}
        best = max(scores, key=scores.__getitem__, default=())
        same = heard == network or self._ask_the_same(heard, network)
        if len(best) < _FEWEST_SURE_WORDS or not is_sure(scores.get(heard), scores.get(network), same=same):
            return None
        return ScoredSentence(" ".join(best), found[best], _SURE_CONFIDENCE)

    def may_be_known(self, first_sample: int, last_sample: int) -> bool:
        """Whether the second pass may confirm a sentence, by what is known before it, for a hundredth of its work.

        Of 72 known sentences of two voices 1 was taken for unknown, which the second pass rejected as well; of 72
        others five in six were found to be (docs/measurements.md).
        """
        found = {*self.found()} - {()}
        return any(self.is_likely(words, first_sample, last_sample) for words in found)

    def is_likely(self, words: Sequence[str], first_sample: int, last_sample: int) -> bool:
        """The same for one sentence of the grammar."""
        return quick_score(self._quick_features(words, first_sample, last_sample)) >= _MAY_BE_KNOWN

    def _quick_features(self, words: Sequence[str], first_sample: int, last_sample: int) -> dict[str, float]:
        """What of a sentence's features is known before the second pass."""
        rival = self.filler.rival(first_sample - _PADDING_SAMPLES)
        phones = [phone for word in words for phone in self.second_pass.lookup_word(word).split()]
        features = self.rescorer.features(words, first_sample, last_sample)
        return {**features, "rival_errors": rival_errors(rival, phones)}

    def close(self) -> None:
        """End the helper processes."""
        self.filler.close()
        self.phone_loop.close()

    def _scored_as(self, words: Sequence[str], data: bytes, against: _Competitors) -> ScoredSentence:
        """One sentence, scored as if the grammar held nothing else."""
        only = automaton.build(Series(tuple(Word(word) for word in words)))
        self.second_pass.add_fsg(_SENTENCE, _fsg(self.second_pass, only))
        self.second_pass.activate_search(_SENTENCE)
        try:
            decode_utterance(self.second_pass, data)
            return self._scored(against)
        finally:
            self.second_pass.activate_search(_GRAMMAR)

    def _scored(self, against: _Competitors) -> ScoredSentence:
        words = self.sentence(self.second_pass)
        if not words:
            return ScoredSentence()
        segments = [Segment(*one) for one in read_segments(self.second_pass)]
        real = [segment for segment in segments if is_word(segment.text)]
        phones = [self.second_pass.lookup_word(segment.text).split() for segment in real[: len(words)]]
        dropped = real[len(words) :]
        kept = [segment for segment in segments if segment not in dropped]
        features = confidence_features(kept, against.loop, phones, against.rival, dropped=bool(dropped))
        features |= self.rescorer.features(words, against.first_sample, against.first_sample + against.samples)
        return ScoredSentence(" ".join(words), features, probability(features))

    def sentence(self, decoder: Any) -> list[str]:
        """The decoder's hypothesis, if it is a whole sentence, if need be without an unfinished last word."""
        hypothesis = decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        return next((found for found in (words, words[:-1]) if found and self.grammar.accepts(found)), [])


def _grammar_decoder(grammar: automaton.Automaton, lexicon: Mapping[str, str], **options: Any) -> Any:
    decoder = pocketsphinx.Decoder(**_OPTIONS, **options)
    for word, phones in lexicon.items():
        decoder.add_word(word, phones, False)
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


def _lexicon(filler: FillerProcess, words: frozenset[str], pronunciations: Mapping[str, str]) -> dict[str, str]:
    """Phones of the words and of their variants, "word(2)". Raises ConfigError naming words without a pronunciation."""
    lexicon: dict[str, str] = {}
    unknown = []
    for word, found in filler.pronunciations(words).items():
        variants = found or {word: pronunciations.get(word, "")}
        lexicon |= variants
        if not variants[word]:
            unknown.append(word)
    if unknown:
        raise ConfigError(
            "asr_unknown_words",
            f"no pronunciation is known for: {', '.join(unknown)}; correct the spelling, use another word, or add the "
            "word to `pronunciations` in the answers file",
        )
    return lexicon
