"""How like a text is to the sentences of a pattern, without writing them out.

The distance is an edit distance between words, weighted by how much a word says: the cheapest way to make the text one
of the pattern's sentences by leaving out words of the text and putting in words of the sentence. It is computed on the
pattern's tree at once: each part turns a row of costs (one for each number of text words already used) into another.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..speech.phrase_grammar import Choice, Node, Series, Word, pattern_words

#: A word of the sentence that was not said costs less than one that was said and does not belong: people are brief.
MISSING = 0.6
#: Least weight of a word that occurs in every question.
_LEAST = 0.05
#: Weight of a word that no question contains, where it is a function word…
_FUNCTION_WORD_WEIGHT = 0.3
_FUNCTION_WORDS = frozenset(
    """
    a an the to of in on at for from with by about as into up down out over this that these those there here it its he
    she they we us them his her their our my your some any no not and or but if so then than just really actually very
    also again now right sure be been being was were am is are do does did has had have would could should might may
    will shall must got get like maybe perhaps bit little kind sort sir madam guy friend please
    """.split()
)
_SHORT_FORMS = (
    (re.compile(r"\b(?:can't|cannot)\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'s\b"), " is"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
)
_SPELLINGS = {"ok": "okay", "wi-fi": "wifi", "loo": "toilet", "wc": "toilet", "centre": "center"}


def tokens(text: str) -> tuple[str, ...]:
    """Words as they are compared: lower case, short forms written out, plurals and spellings made equal.

    Words of other scripts and numbers are kept, since they mean something that no pattern knows.
    """
    spelled = text.lower().replace("\u2019", "'")
    for short, full in _SHORT_FORMS:
        spelled = short.sub(full, spelled)
    return tuple(_stem(word) for word in re.findall(r"[^\W_]+(?:['-][^\W_]+)*", spelled))


def _stem(word: str) -> str:
    word = _SPELLINGS.get(word, word)
    if len(word) > 5 and "our" in word:
        word = word.replace("our", "or")  # colour, favourite
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def as_compared(node: Node) -> Node:
    """The pattern with its words as `tokens` gives them."""
    if isinstance(node, Word):
        parts = tuple(Word(word) for word in tokens(node.text))
        return parts[0] if len(parts) == 1 else Series(parts)
    if isinstance(node, Series):
        return Series(tuple(as_compared(part) for part in node.parts))
    return Choice(tuple(dict.fromkeys(as_compared(option) for option in node.options)))


@dataclass(frozen=True)
class Weights:
    """How much each word says, 0-1: little where it occurs in many questions, most where it belongs to one."""

    known: Mapping[str, float]

    def __call__(self, word: str) -> float:
        return self.known.get(word, _FUNCTION_WORD_WEIGHT if word in _FUNCTION_WORDS else 1.0)

    @classmethod
    def of(cls, patterns: Sequence[Node]) -> Weights:
        """Inverse document frequency, a document being a question's pattern, scaled to 1 for a word of only one."""
        counts = Counter(word for pattern in patterns for word in set(pattern_words(pattern)))
        scale = math.log(len(patterns) + 1) or 1.0
        return cls({w: max(_LEAST, math.log((len(patterns) + 1) / n) / scale) for w, n in counts.items()})


def distance(pattern: Node, words: Sequence[str], weights: Weights) -> float:
    """The least cost of making `words` one of the pattern's sentences; pattern as from `as_compared`."""
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
