"""Which of some choices a person has given: exactly, within a sentence, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

from ..answers.similarity import Weights, distance, similarity, spelling
from ..core.locales import language_code
from ..speech.phrase_grammar import Series, Word

#: Least similarity (0-1) that counts, and by how much the best must be ahead of the next.
_LEAST, _AHEAD = 0.6, 0.1
#: An answer of more words is no choice.
_MOST_WORDS = 60

Words = tuple[str, ...]


class Choices:
    """choices: each may hold several ways to say it, with | between them; locale: their language."""

    def __init__(self, choices: Sequence[str], locale: str) -> None:
        self._tokens = spelling(language_code(locale)).tokens
        ways = [(i, self._tokens(way)) for i, choice in enumerate(choices) for way in choice.split("|")]
        self._ways = [(i, words) for i, words in ways if words]
        patterns = [_pattern(words) for _, words in self._ways]
        self._patterns = patterns
        self._weights = Weights.of(patterns)

    def __bool__(self) -> bool:
        return bool(self._ways)

    def find(self, text: str) -> int:
        """Index of the choice; -1 where it is none of them, or could be two."""
        words = self._tokens(text)[:_MOST_WORDS]
        said = [(len(way), i) for i, way in self._ways if _within(way, words)]
        if said:
            longest = max(length for length, _ in said)
            mentioned = {i for i, way in self._ways if _within(way, words) and not self._part_of_longer(way, words)}
            return next(i for length, i in said if length == longest) if len(mentioned) == 1 else -1
        return self._nearest(words)

    def _part_of_longer(self, way: Words, words: Words) -> bool:
        """As "milk", where "milk and sugar" was said and is a choice of its own."""
        return any(len(other) > len(way) and _within(way, other) and _within(other, words) for _, other in self._ways)

    def _nearest(self, words: Words) -> int:
        if not words:
            return -1
        best: dict[int, float] = {}
        for (i, _), pattern in zip(self._ways, self._patterns, strict=True):
            alike = similarity(distance(pattern, words, self._weights), words, self._weights)
            best[i] = max(best.get(i, 0.0), alike)
        first, *others = sorted(best, key=lambda i: -best[i])
        ahead = not others or best[first] - best[others[0]] >= _AHEAD
        return first if best[first] >= _LEAST and ahead else -1


def _pattern(words: Words) -> Series:
    return Series(tuple(Word(word) for word in words))


def _within(part: Words, words: Words) -> bool:
    """Whether `part` stands in `words` without anything between."""
    return any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1))
