"""Which question of the answers file a text asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..speech.phrase_grammar import Node, ends, normalised_words, pattern_words
from .file import Answers, Intent
from .similarity import Weights, as_compared, distance, similarity, tokens

#: A text of more words is no question of the file's: comparing takes (words x patterns).
_MOST_WORDS, _WORD_CHARACTERS = 120, 20


@dataclass(frozen=True)
class _Question:
    """An intent, the words of its sentences as they are spelled, and its pattern as it is compared."""

    intent: Intent
    words: frozenset[str]
    pattern: Node
    compared_words: frozenset[str]


class Matcher:
    """Exact match first, since the embedded recogniser's grammar has the same patterns; else the most similar question.

    threshold: least similarity (0-1) that counts; of equally similar questions the first in the file wins.
    """

    def __init__(self, answers: Answers, threshold: float) -> None:
        self._answers = answers
        self._threshold = threshold
        self._around = frozenset((*pattern_words(answers.before), *pattern_words(answers.after)))
        self._questions = tuple(self._question(intent) for intent in answers.intents)
        self._weights = Weights.of([question.pattern for question in self._questions])

    def find(self, text: str) -> Intent | None:
        """The question, or None where it is none of the file's."""
        if len(text) > _MOST_WORDS * _WORD_CHARACTERS or len(text.split()) > _MOST_WORDS:
            return None
        found = self.exact(text)
        if found is not None:
            return found
        best, intent = max(self.ranked(text), key=lambda pair: pair[0], default=(0.0, None))
        return intent if best >= self._threshold and self._threshold < 1.0 else None

    def exact(self, text: str) -> Intent | None:
        """The first question that has `text` as one of its sentences, with what may be said around it."""
        words = normalised_words(text)
        if len(words) != len(text.split()):
            return None  # numbers or another script: something was said that patterns cannot spell
        begins = ends(self._answers.before, words)
        for question in self._questions:
            if not question.words.issuperset(words):
                continue
            if len(words) in ends(self._answers.after, words, ends(question.intent.phrases, words, begins)):
                return question.intent
        return None

    def ranked(self, text: str) -> Iterator[tuple[float, Intent]]:
        """(similarity, question) of those that can reach the threshold."""
        words = tokens(text)
        total = sum(self._weights(word) for word in words)
        for question in self._questions:
            strange = sum(self._weights(word) for word in words if word not in question.compared_words)
            if words and strange <= (1.0 - self._threshold) * total:
                cost = distance(question.pattern, words, self._weights)
                yield similarity(cost, words, self._weights), question.intent

    def _question(self, intent: Intent) -> _Question:
        compared = as_compared(self._answers.sentences(intent))
        words = self._around | frozenset(pattern_words(intent.phrases))
        return _Question(intent, words, compared, frozenset(pattern_words(compared)))
