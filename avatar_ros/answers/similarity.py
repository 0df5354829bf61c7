"""How like a text is to the sentences of a pattern, without writing them out.

The distance is an edit distance between words, weighted by how much a word says: the cheapest way to make the text one
of the pattern's sentences by leaving out words of the text and putting in words of the sentence. It is computed on the
pattern's tree at once: each part turns a row of costs (one for each number of text words already used) into another.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from ..core.locales import Language, find_language, load_language
from ..speech.phrase_grammar import Choice, Node, Series, Word, pattern_words
from .folding import fold, folded_words

#: A word of the sentence that was not said costs less than one that was said and does not belong: people are brief.
MISSING = 0.6
#: Least weight of a word that occurs in every question.
_LEAST = 0.05
#: Weight of a word that no question contains, where it is a function word…
_FUNCTION_WORD_WEIGHT = 0.3


class Spelling:
    """How words of a language are compared: as its file in config/locales says."""

    def __init__(self, language: Language) -> None:
        listed = " ".join(language.function_words)
        self.function_words = frozenset(folded_words(fold(listed)))
        self._short_forms = tuple((_short_form(short), full) for short, full in language.short_forms.items())
        self._spellings = {fold(word): fold(same) for word, same in language.spellings.items()}

    def tokens(self, text: str) -> tuple[str, ...]:
        """Words as they are compared: folded, short forms written out, plurals and spellings made equal.

        Words of other scripts and numbers are kept, since they mean something that no pattern knows.
        """
        spelled = fold(text)
        for short, full in self._short_forms:
            spelled = short.sub(full, spelled)
        return tuple(part for word in folded_words(spelled) for part in self._stem(word))

    def as_compared(self, node: Node) -> Node:
        """The pattern with its words as `tokens` gives them."""
        return _respelled(node, self.tokens)

    def _stem(self, word: str) -> tuple[str, ...]:
        word = self._spellings.get(word, word)
        if len(word) > 5 and "our" in word:
            word = word.replace("our", "or")  # colour, favourite
        plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
        return folded_words(word[:-1] if plural else word)


@cache
def spelling(code: str) -> Spelling:
    """Of the language; of English where it has no file."""
    return Spelling(find_language(yaml, code) or load_language(yaml, "en"))


def as_written(node: Node) -> Node:
    """The pattern with its words folded, and nothing else changed."""
    return _respelled(node, lambda word: folded_words(fold(word)))


def _respelled(node: Node, spelled: Callable[[str], tuple[str, ...]]) -> Node:
    if isinstance(node, Word):
        parts = tuple(Word(word) for word in spelled(node.text))
        return parts[0] if len(parts) == 1 else Series(parts)
    if isinstance(node, Series):
        return Series(tuple(_respelled(part, spelled) for part in node.parts))
    return Choice(tuple(dict.fromkeys(_respelled(option, spelled) for option in node.options)))


def _short_form(short: str) -> re.Pattern[str]:
    """"-n't" is an ending, "won't" a whole word."""
    ending = short.startswith("-")
    return re.compile(("" if ending else r"\b") + re.escape(short[ending:]) + r"\b")


@dataclass(frozen=True)
class Weights:
    """How much each word says, 0-1: little where it occurs in many questions, most where it belongs to one."""

    known: Mapping[str, float]
    function_words: frozenset[str] = frozenset()

    def __call__(self, word: str) -> float:
        return self.known.get(word, _FUNCTION_WORD_WEIGHT if word in self.function_words else 1.0)

    @classmethod
    def of(cls, patterns: Sequence[Node], function_words: frozenset[str] = frozenset()) -> Weights:
        """Inverse document frequency, a document being a question's pattern, scaled to 1 for a word of only one."""
        counts = Counter(word for pattern in patterns for word in set(pattern_words(pattern)))
        scale = math.log(len(patterns) + 1) or 1.0
        known = {w: max(_LEAST, math.log((len(patterns) + 1) / n) / scale) for w, n in counts.items()}
        return cls(known, function_words)


def distance(pattern: Node, words: Sequence[str], weights: Weights) -> float:
    """The least cost of making `words` one of the pattern's sentences; pattern as from `Spelling.as_compared`."""
    own = [weights(word) for word in words]
    costs = [0.0]
    for weight in own:
        costs.append(costs[-1] + weight)  # leaving out what stands before the pattern begins
    return _through(pattern, words, own, costs, weights)[-1]


def similarity(cost: float, words: Iterable[str], weights: Weights) -> float:
    """1: one of the sentences; 0: as if everything in the text were wrong."""
    return max(0.0, 1.0 - cost / max(sum(weights(word) for word in words), 1e-9))


def _through(
    node: Node, words: Sequence[str], own: Sequence[float], costs: list[float], weights: Weights
) -> list[float]:
    """costs[i]: least cost with the first i words used, before the node; returns the same for after it."""
    if isinstance(node, Word):
        return _word(node.text, words, own, costs, MISSING * weights(node.text))
    if isinstance(node, Choice):
        rows = [_through(option, words, own, costs, weights) for option in node.options]
        return [min(column) for column in zip(*rows, strict=True)]
    for part in node.parts:
        costs = _through(part, words, own, costs, weights)
    return costs


def _word(text: str, words: Sequence[str], own: Sequence[float], costs: list[float], missing: float) -> list[float]:
    best = costs[0] + missing
    row = [best]
    for i, word in enumerate(words):
        best += own[i]  # the i-th word is left out
        best = min(best, costs[i + 1] + missing)
        if word == text and costs[i] < best:
            best = costs[i]
        row.append(best)
    return row
