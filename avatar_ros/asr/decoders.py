"""PocketSphinx's decoders for one utterance at a time: the grammar's, which find sentences, and those that judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pocketsphinx

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..speech import minimal_dfa as automaton
from ..speech.phone_network import PhoneNetwork
from ..speech.phrase_grammar import Series, Word
from .confidence import Rival, Segment, features, is_word, probability, silent_share
from .filler_model import FillerModel, mean_text
from .phone_loop_process import PhoneLoopProcess, decode, read_segments
from .rescoring import Rescorer
from .utterance_levels import LevelTracker

_GRAMMAR, _SENTENCE = "questions", "sentence"
#: Without PocketSphinx's dictionary: reading its 135 000 words takes longer than all else, for each decoder anew. The
#: free words' decoder has it, and tells the others how their few hundred words are spoken.
_OPTIONS = {"lm": None, "dict": None, "loglevel": "FATAL"}
#: Sound of which the phone loop decodes more than this share as silence is noise (noise: above it; the shortest words:
#: a half).
_MOST_SILENCE = 0.78
#: Silence before and after what is judged.
_PADDING_SAMPLES = 1600


@dataclass(frozen=True)
class Judged:
    """A whole sentence of the grammar, what speaks for it, and the probability that it was said."""

    text: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0


@dataclass(frozen=True)
class _Beside:
    """What a sentence is held against: free phones and free words; and where the sound lies."""

    loop: list[Segment]
    rival: Rival
    first_sample: int
    samples: int


class Decoders:
    """Three go with the sound: the grammar's, the free words', the network's; the others take an utterance at once."""

    def __init__(self, grammar: automaton.Automaton, pronunciations: Mapping[str, str], network: PhoneNetwork) -> None:
        self.grammar = grammar
        self.phones = PhoneLoopProcess()
        self.free = FillerModel()
        spellings = _spellings(self.free, grammar.words, pronunciations)
        # compallsen: scores are relative to the best of ALL senones, so that grammar's and loop's can be compared.
        self.live = _grammar_decoder(grammar, spellings, ds=2)  # words so far; what counts is a second look
        self.words = _grammar_decoder(grammar, spellings, compallsen=True)
        self.network = Rescorer(network, grammar, spellings)
        self._levelling = LevelTracker(0.0)

    def start(self, head: Pcm, loudest: float) -> None:
        """Begin an utterance with its first sound, whose cepstral mean is taken off from the first frame on."""
        data = head.tobytes()
        self.live.set_cmn(mean_text(self.live, data))
        self.live.start_utt()
        self.live.process_raw(data, False, False)
        self._levelling = LevelTracker(loudest)
        levelled = self._levelling.level(head)
        self.free.start(levelled)
        self.network.start(levelled)

    def accept(self, pcm: Pcm) -> None:
        """The next sound."""
        self.live.process_raw(pcm.tobytes(), False, False)
        levelled = self._levelling.level(pcm)
        self.free.accept(levelled)
        self.network.accept(levelled)

    def end(self) -> None:
        """The utterance is over."""
        self.live.end_utt()
        self.free.end()
        self.network.end()

    def judge(self, sound: Pcm, first_sample: int, loudest: float) -> tuple[Judged, ...]:
        """Sentences that the utterance may be: PocketSphinx's, and the network's where that is another one.

        sound: the part with speech, which begins at `first_sample` of the utterance; loudest: as of LevelTracker.
        """
        data = LevelTracker(loudest).level(np.pad(sound, _PADDING_SAMPLES)).tobytes()
        self.phones.start(data)
        decode(self.words, data)
        loop = self.phones.result()
        if silent_share(loop) > _MOST_SILENCE:
            return (Judged(),)
        second = self.network.sentence()
        beside = _Beside(loop, self.free.rival(first_sample - _PADDING_SAMPLES), first_sample, len(sound))
        judged = [self._judged(beside)]
        if second and " ".join(second) != judged[0].text:
            judged.append(self._judged_as(second, data, beside))
        return tuple(judged)

    def close(self) -> None:
        """End the helper process."""
        self.phones.close()

    def _judged_as(self, words: Sequence[str], data: bytes, beside: _Beside) -> Judged:
        """One sentence, judged as if the grammar held nothing else."""
        only = automaton.build(Series(tuple(Word(word) for word in words)))
        self.words.add_fsg(_SENTENCE, _fsg(self.words, only))
        self.words.activate_search(_SENTENCE)
        try:
            decode(self.words, data)
            return self._judged(beside)
        finally:
            self.words.activate_search(_GRAMMAR)

    def _judged(self, beside: _Beside) -> Judged:
        words = self.sentence(self.words)
        if not words:
            return Judged()
        segments = [Segment(*one) for one in read_segments(self.words)]
        real = [segment for segment in segments if is_word(segment.text)]
        spoken = [self.words.lookup_word(segment.text).split() for segment in real[: len(words)]]
        dropped = real[len(words) :]
        kept = [segment for segment in segments if segment not in dropped]
        found = features(kept, beside.loop, spoken, beside.rival, dropped=bool(dropped))
        found |= self.network.fit(words, beside.first_sample, beside.first_sample + beside.samples)
        return Judged(" ".join(words), found, probability(found))

    def sentence(self, decoder: Any) -> list[str]:
        """What the grammar found, if it is a whole sentence, perhaps but for one last word that was only begun."""
        hypothesis = decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis else []
        return next((found for found in (words, words[:-1]) if found and self.grammar.accepts(found)), [])


def _grammar_decoder(grammar: automaton.Automaton, spellings: Mapping[str, str], **options: Any) -> Any:
    decoder = pocketsphinx.Decoder(**_OPTIONS, **options)
    for word, phones in spellings.items():
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


def _spellings(free: FillerModel, words: frozenset[str], pronunciations: Mapping[str, str]) -> dict[str, str]:
    """Phones of the words and of their variants, "word(2)". Raises ConfigError naming words that nobody can spell."""
    spellings: dict[str, str] = {}
    unknown = []
    for word in sorted(words):
        variants = free.spellings(word) or {word: pronunciations.get(word, "")}
        spellings |= variants
        if not variants[word]:
            unknown.append(word)
    if unknown:
        raise ConfigError(
            "asr_unknown_words",
            f"no pronunciation is known for: {', '.join(unknown)}; correct the spelling, use another word, or add the "
            "word to `pronunciations` in the answers file",
        )
    return spellings
