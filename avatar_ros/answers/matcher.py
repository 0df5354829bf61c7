"""Which question of the answers file a text asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.locales import language_code
from ..speech.phrase_grammar import Node, ends, pattern_words
from .file import Answers, Intent
from .folding import fold, folded_words
from .similarity import Weights, as_written, distance, similarity, spelling

#: A text of more words is no question of the file's: comparing takes (words x patterns).
_MOST_WORDS, _WORD_CHARACTERS = 120, 20


@dataclass(frozen=True)
class _Question:
    """An intent, its pattern and the words of its sentences as they are written, and both as they are compared."""

    intent: Intent
    written: Node
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
        self._before, self._after = as_written(answers.before), as_written(answers.after)
        self._around = frozenset((*pattern_words(self._before), *pattern_words(self._after)))
        self._spelling = spelling(language_code(answers.locale))
        self._questions = tuple(self._question(intent) for intent in answers.intents)
        patterns = [question.pattern for question in self._questions]
        self._weights = Weights.of(patterns, self._spelling.function_words)

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
        words = folded_words(fold(text))
        begins = ends(self._before, words)
        for question in self._questions:
            if not question.words.issuperset(words):
                continue
            if len(words) in ends(self._after, words, ends(question.written, words, begins)):
                return question.intent
        return None

    def ranked(self, text: str) -> Iterator[tuple[float, Intent]]:
        """(similarity, question) of those that can reach the threshold."""
        words = self._spelling.tokens(text)
        total = sum(self._weights(word) for word in words)
        for question in self._questions:
            strange = sum(self._weights(word) for word in words if word not in question.compared_words)
            if words and strange <= (1.0 - self._threshold) * total:
                cost = distance(question.pattern, words, self._weights)
                yield similarity(cost, words, self._weights), question.intent

    def _question(self, intent: Intent) -> _Question:
        written = as_written(intent.phrases)
        compared = self._spelling.as_compared(self._answers.sentences(intent))
        words = self._around | frozenset(pattern_words(written))
        return _Question(intent, written, words, compared, frozenset(pattern_words(compared)))
