"""Which question of the answers file a free sentence means, by its vector.

A classifier is trained at start on the file's own sentences: some of each pattern's, the examples, how a question is
named. One more class, "none of them", learns from config/other_questions.yaml and the entries' `not_this`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier, train
from .embeddings.base import SentenceEncoder, Vectors
from .file import Answers, Intent
from .sample_sentences import sample
from .vector_cache import encode_cached

#: Sentences of each alternative of a pattern.
_EACH = 4
#: Found with the thresholds on benchmarks/understanding/development.yaml.
_DECAY = 1 / 30
#: A question with few sentences counts as if it had so many.
_LEAST_SENTENCES = 15
#: One of the other questions that is so like a sentence of the file is left out: it is the file's own.
_THE_SAME = 0.9
#: A sentence of more words, or characters, is none of the file's.
_MOST_WORDS, _MOST_CHARACTERS = 60, 400


@dataclass(frozen=True)
class Guess:
    """sure: to be answered; else to be asked. intent None: none of the file's. score: probability, 0-1."""

    intent: Intent | None
    score: float
    sure: bool


@dataclass(frozen=True)
class DecisionLines:
    """Where the probability of the likeliest question makes it an answer, or worth asking "did you mean …?".

    margin: and by how much it must be likelier than the second to be an answer.
    """

    answer: float
    ask: float
    margin: float

    def decide(self, ranked: Sequence[tuple[float, Intent]]) -> Guess:
        """ranked: (probability, question), likeliest first."""
        if not ranked or ranked[0][0] < self.ask:
            return Guess(None, ranked[0][0] if ranked else 0.0, False)
        (score, intent), second = ranked[0], ranked[1][0] if len(ranked) > 1 else 0.0
        return Guess(intent, score, score >= self.answer and score - second >= self.margin)


class Meaning:
    """encoder: loaded. others: sentences that are none of the file's."""

    def __init__(self, answers: Answers, encoder: SentenceEncoder, others: Sequence[str], cache: Path) -> None:
        self._intents = answers.intents
        self._encoder = encoder
        self._classifier = _trained(answers, encoder, others, cache)

    def guess(self, text: str, lines: DecisionLines) -> Guess:
        """What the sentence means. Costs some milliseconds."""
        return lines.decide(self.ranked(text))

    def ranked(self, text: str) -> list[tuple[float, Intent]]:
        """(probability, question), likeliest first; nothing for what is no sentence."""
        words = text.split()
        if not words or len(words) > _MOST_WORDS or len(text) > _MOST_CHARACTERS or not any(map(str.isalnum, text)):
            return []
        chances = self._classifier(self._encoder.encode([spoken(text)]))[0, : len(self._intents)]
        order = np.argsort(-chances, kind="stable")
        return [(float(chances[i]), self._intents[i]) for i in order]


def spoken(text: str) -> str:
    """As a recogniser writes: small letters, without the punctuation at the end."""
    return " ".join(text.lower().replace("\u2019", "'").split()).strip(" .!?¿¡。？！…")


def sentences_of(answers: Answers) -> Iterator[tuple[int, str]]:
    """(number of the question, one of its sentences)."""
    for number, intent in enumerate(answers.intents):
        texts = [*sample(intent.phrases, _EACH), *intent.examples, *filter(None, (intent.suggest, intent.named))]
        yield from ((number, text) for text in dict.fromkeys(map(spoken, texts)))


def _trained(answers: Answers, encoder: SentenceEncoder, others: Sequence[str], cache: Path) -> Classifier:
    own = list(sentences_of(answers))
    none = [*others, *(text for intent in answers.intents for text in intent.not_this)]
    vectors = encode_cached(encoder, [*(text for _, text in own), *map(spoken, none)], cache)
    ours, theirs = vectors[: len(own)], vectors[len(own) :]
    theirs = _not_ours(theirs, ours, len(others))
    classes = np.array([*(number for number, _ in own), *[len(answers.intents)] * len(theirs)], np.int64)
    return train(np.concatenate([ours, theirs]), classes, len(answers.intents) + 1, _importance(classes), _DECAY)


def _not_ours(theirs: Vectors, ours: Vectors, general: int) -> Vectors:
    """Without those of the first `general` that the file has a sentence for."""
    if not len(theirs) or not len(ours):
        return theirs
    like = (theirs @ ours.T).max(axis=1)
    like[general:] = 0  # `not_this` is meant
    kept: Vectors = theirs[like < _THE_SAME]
    return kept


def _importance(classes: NDArray[np.int64]) -> NDArray[np.float32]:
    of_class = np.maximum(1.0, _LEAST_SENTENCES / np.maximum(np.bincount(classes), 1)).astype(np.float32)
    return np.asarray(of_class[classes])
