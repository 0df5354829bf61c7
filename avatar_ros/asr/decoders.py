"""PocketSphinx's decoders for one utterance at a time: the grammar's, which find sentences, and those that judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pocketsphinx

from ..core.errors import ConfigError
from ..core.types import Pcm
from . import automaton
from .confidence import Rival, Segment, features, is_word, probability, silent_share
from .free_words import FreeWords, mean_text
from .phone_process import decode, read_segments
from .phones_beside import PhonesBeside

_GRAMMAR = "questions"
#: Without PocketSphinx's dictionary: reading its 135 000 words takes longer than all else, for each decoder anew. The
#: free words' decoder has it, and tells the others how their few hundred words are spoken.
_OPTIONS = {"lm": None, "dict": None, "loglevel": "FATAL"}
#: Sound of which the phone loop decodes more than this share as silence is noise (noise: above it; the shortest words:
#: a half).
_MOST_SILENCE = 0.78
#: Search beams of the second try, made where the first, PocketSphinx's own, found nothing sure: 3 times the work.
_WIDE = {"beam": 1e-60, "pbeam": 1e-60, "wbeam": 1e-40, "maxhmmpf": 1500}


@dataclass(frozen=True)
class Judged:
    """A whole sentence of the grammar, what speaks for it, and the probability that it was said."""

    text: str = ""
    evidence: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0


class Decoders:
    """Two go with the sound, the grammar's and the free words'; the others take the whole utterance at once."""

    def __init__(self, grammar: automaton.Automaton, pronunciations: Mapping[str, str]) -> None:
        self.grammar = grammar
        self.phones = PhonesBeside()
        self.free = FreeWords()
        spellings = _spellings(self.free, grammar.words, pronunciations)
        # compallsen: scores are relative to the best of ALL senones, so that grammar's and loop's can be compared.
        self.live = _grammar_decoder(grammar, spellings, ds=2)  # words so far; what counts is a second look
        self.words = _grammar_decoder(grammar, spellings, compallsen=True)
        self.wide = _grammar_decoder(grammar, spellings, compallsen=True, **_WIDE)

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
        self.phones.start(data)
        decode(self.words, data)
        loop = self.phones.result()
        if silent_share(loop) > _MOST_SILENCE:
            return (Judged(),)
        rival = self.free.rival(first_sample)
        first = self._judged(self.words, loop, rival)
        if first.confidence >= enough:
            return (first,)
        decode(self.wide, data)
        return first, self._judged(self.wide, loop, rival)

    def close(self) -> None:
        """End the helper process."""
        self.phones.close()

    def _judged(self, decoder: Any, loop: list[Segment], rival: Rival) -> Judged:
        words = self.sentence(decoder)
        if not words:
            return Judged()
        segments = [Segment(*one) for one in read_segments(decoder)]
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


def _spellings(free: FreeWords, words: frozenset[str], pronunciations: Mapping[str, str]) -> dict[str, str]:
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
