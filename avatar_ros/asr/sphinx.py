"""PocketSphinx (BSD) with the answers file's sentences as a grammar; phone loop, filler model and our own phone network
for its confidence.

The acoustic model and the dictionary come with the package. Partial hypotheses are found while the sound comes in; the
final one by a second pass over the whole utterance, whose cepstral mean is known only then. It runs as soon as the
utterance falls silent, so that the result is ready when the silence has lasted long enough to be the end. Where the
first pass and our network agree, and their sentence fits well, that is the final one at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import yaml

from ..answers.file import Answers, load_answers_file
from ..core.arrays import Pcm
from ..core.locales import language_code
from ..core.paths import share_file
from ..core.types import EVENT_LIKELY
from ..speech import minimal_dfa as automaton
from ..speech.phone_network import PhoneNetwork
from ..speech.phrase_grammar import Choice, Node, Series, accepts
from .base import AsrSettings, Hypothesis, RecognitionStream
from .deaf import DeafStream
from .decoders import Decoders, Found, ScoredSentence
from .utterance_levels import FEWEST_SAMPLES, SpeechSpan

#: The first sound, whose cepstral mean partial hypotheses are found with; the final one uses the true mean.
_HEAD_SAMPLES = 12800
#: After this much silence the second pass runs, s: its result is known before vad_node's shortest wait is over. A stop
#: within a word may be as long; then it runs once more.
_SILENCE_S = 0.08
#: Where another recogniser hears the same, a longer sentence is left to it unless it is sure: to weigh it takes a fifth
#: of its length on two cores, which in the middle of free words puts this one behind. Of more words it is surer, too.
_MOST_WEIGHED_SAMPLES = 24000


class SphinxRecogniser:
    """A Recogniser of English. Each utterance needs a set of decoders of its own; sets are used again.

    In a kiosk of another language it hears nothing: its words and sounds are English.
    """

    hears = ("en",)

    def __init__(self, settings: AsrSettings) -> None:
        self.not_alone = False  # another recogniser hears the same: what is surely no sentence is not weighed
        self.thorough = False  # the second pass weighs what is sure without it, too
        self._settings = settings
        self._questions: Answers | None = None
        self._grammar: automaton.Automaton | None = None
        self._network: PhoneNetwork | None = None
        self._free: list[Decoders] = []

    def load(self) -> None:
        """Read the questions and make the first set. Raises ConfigError naming words without a pronunciation, or what
        the network lacks.
        """
        if language_code(self._settings.locale) not in self.hears:
            return
        self._questions = load(share_file(self._settings.answers_file))
        self._grammar = automaton.build(pattern(self._questions))
        self._network = PhoneNetwork(onnxruntime)
        self._free.append(self._decoders())
        warm = self.start()
        warm.accept(np.zeros(8000, np.int16))
        warm.finish()

    def start(self) -> RecognitionStream:
        """Begin an utterance with a free set, or a new one."""
        if self._questions is None:
            return DeafStream(self._settings.locale)
        decoders = self._free.pop() if self._free else self._decoders()
        stream = SphinxStream(decoders, self._settings.min_confidence, self._questions.locale, self._free)
        stream.not_alone, stream.thorough = self.not_alone, self.thorough
        return stream

    def close(self) -> None:
        """Drop the decoders."""
        for decoders in self._free:
            decoders.close()
        self._free.clear()

    def _ask_the_same(self, one: Sequence[str], other: Sequence[str]) -> bool:
        assert self._questions is not None
        return any(
            accepts(sentences, one) and accepts(sentences, other)
            for sentences in map(self._questions.sentences, self._questions.intents)
        )

    def _decoders(self) -> Decoders:
        assert self._questions is not None and self._grammar is not None and self._network is not None
        return Decoders(self._grammar, self._questions.pronunciations, self._network, self._ask_the_same)


class SphinxStream:
    """A RecognitionStream. The second pass runs as soon as the utterance falls silent."""

    def __init__(self, decoders: Decoders, min_confidence: float, locale: str, free: list[Decoders]) -> None:
        self._decoders = decoders
        self._min_confidence = min_confidence
        self._locale = locale
        self._free = free
        self._pcm = np.zeros(0, np.int16)
        self._speech = SpeechSpan(_SILENCE_S)
        self._live = False
        self._waiting: list[Pcm] = []  # what the decoders have not heard yet
        self._scored: tuple[ScoredSentence, ...] = ()
        self._rejected: Found | None = None  # what the last weighing weighed in vain
        self.not_alone = False
        self.thorough = False

    def accept(self, pcm: Pcm) -> None:
        """Decode the next sound; silence behind a result only once more speech follows it."""
        if len(pcm) == 0:
            return
        self._pcm = np.concatenate([self._pcm, pcm])
        if self._speech.add(pcm):
            self._scored = ()
        self._waiting.append(pcm)
        if self._live and not self._scored:
            self._decoders.accept(np.concatenate(self._waiting))
            self._waiting.clear()
        elif not self._live and len(self._pcm) >= _HEAD_SAMPLES:
            self._begin()
        if not self._scored and self._speech.fell_silent:
            self._second_pass()

    def partial(self) -> Hypothesis:
        """The sentence, once it is silent; before, the grammar's best prefix, of unknown confidence.

        As the voice fades a prefix that is a whole sentence is likely the one: its answer may be prepared.
        """
        if self._scored:
            return replace(self._final(), rejected=False)
        fades = self._live and not self._speech.loud_now
        if fades and (whole := self._decoders.sentence(self._decoders.first_pass)) and self._worth_it(whole):
            return Hypothesis(" ".join(whole), 0.5, locale=self._locale, events=(EVENT_LIKELY,))
        hypothesis = self._decoders.first_pass.hyp() if self._live else None
        text = hypothesis.hypstr if hypothesis else ""
        return Hypothesis(text, 0.5 if text else 0.0, locale=self._locale)

    def finish(self) -> Hypothesis:
        """The sentence, if it is one of the grammar's and confident enough; else rejected."""
        if not self._scored:
            self._second_pass()
        self._release()
        return self._final()

    def abandon(self) -> None:
        """Give the decoders to the next utterance."""
        self._release()

    def candidates(self) -> tuple[ScoredSentence, ...]:
        """After `finish`: the grammar's sentences, accepted or not, and the features of their confidence."""
        return self._scored

    def _worth_it(self, sentence: list[str]) -> bool:
        """Whether its answer should be prepared: in free words there is a sentence of the grammar in every pause."""
        span = self._speech.first_sample, self._speech.last_sample
        return not self.not_alone or self._decoders.is_likely(sentence, *span)

    def _begin(self) -> None:
        self._waiting.clear()
        self._decoders.start(self._pcm, self._speech.loudest)
        self._live = True

    def _release(self) -> None:
        if self._live:
            self._decoders.end()
            self._live = False
        self._free.append(self._decoders)

    def _second_pass(self) -> None:
        first_sample = self._speech.first_sample
        sound = self._pcm[first_sample : self._speech.last_sample]
        if len(sound) < FEWEST_SAMPLES:
            self._scored = (ScoredSentence(),)
            return
        if not self._live:
            self._begin()
        if self.not_alone and not self._decoders.may_be_known(first_sample, first_sample + len(sound)):
            self._scored = (ScoredSentence(),)
            return
        sure = None if self.thorough else self._decoders.surely(first_sample, first_sample + len(sound))
        self._scored = (sure,) if sure else self._weighed(sound, first_sample)

    def _weighed(self, sound: Pcm, first_sample: int) -> tuple[ScoredSentence, ...]:
        """By the second pass. Not alone, the same sentences are not weighed again because a last sound died away."""
        found = self._decoders.found()
        if self.not_alone and (found == self._rejected or len(sound) > _MOST_WEIGHED_SAMPLES):
            return (ScoredSentence(),)
        scored = self._decoders.score(sound, first_sample, self._speech.loudest)
        fits = any(one.text and one.confidence >= self._min_confidence for one in scored)
        self._rejected = None if fits else found
        return scored

    def _final(self) -> Hypothesis:
        best = max(self._scored, key=lambda one: one.confidence)
        if best.confidence < self._min_confidence or not best.text:
            return Hypothesis("", best.confidence, rejected=True, locale=self._locale)
        return Hypothesis(best.text, best.confidence, complete=True, locale=self._locale)


def load(path: Path) -> Answers:
    """The checked answers file. Raises ConfigError naming the line of a mistake."""
    return load_answers_file(yaml, path)


def pattern(answers: Answers) -> Node:
    """Every sentence that may be asked. Written once around all questions, not once around each."""
    asked = Choice(tuple(dict.fromkeys(intent.phrases for intent in answers.intents)))
    return Series((answers.before, asked, answers.after))
