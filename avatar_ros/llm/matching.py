"""Which question a text is: exactly one of the file's sentences, or like enough to one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from ..core import phrases
from .answers_file import Answers, Intent

#: Sentences kept of each intent for likeness; spread over its patterns.
SENTENCES_PER_PATTERN = 60

_SPELLED_OUT = {
    "what's": "what is", "where's": "where is", "how's": "how is", "when's": "when is", "who's": "who is",
    "i'm": "i am", "i'd": "i would", "it's": "it is", "that's": "that is", "you're": "you are", "can't": "can not",
    "cannot": "can not", "don't": "do not", "didn't": "did not", "doesn't": "does not", "wi-fi": "wifi", "ok": "okay",
    "loo": "toilet", "wc": "toilet", "colour": "color", "favourite": "favorite", "centre": "center",
}  # fmt: skip
#: Words that politeness adds and that decide nothing.
_POLITE = frozenset("please excuse me sorry hello hi hey okay well so um uh thank thanks you".split())


class Matcher:
    """Finds the intent of a text."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._sentences = list(_sentences(answers.intents))
        self._weights = _rarity(words for _, words in self._sentences)
        self._default_weight = max(self._weights.values(), default=1.0)

    def exact(self, text: str) -> Intent | None:
        """The intent that has `text` as one of its sentences, politeness around it included."""
        words = phrases.normalised_words(text)
        starts = phrases.ends(self._answers.before, words) if words else set()
        for intent in self._answers.intents:
            if len(words) in phrases.ends(self._answers.after, words, phrases.ends(intent.pattern, words, starts)):
                return intent
        return None

    def find(self, text: str, threshold: float) -> Intent | None:
        """The exact intent, else the likest one if it is at least `threshold` (0–1) like, else None."""
        found = self.exact(text)
        if found is not None:
            return found
        intent, likeness = self.likest(text)
        return intent if likeness >= threshold else None

    def likest(self, text: str) -> tuple[Intent | None, float]:
        """The intent with the sentence likest to `text`, and how like it is (0–1)."""
        words = _plain(phrases.normalised_words(text))
        best: tuple[Intent | None, float] = (None, 0.0)
        if not words:
            return best
        for intent, sentence in self._sentences:
            likeness = self._likeness(words, sentence)
            if likeness > best[1]:
                best = (intent, likeness)
        return best

    def _likeness(self, words: Sequence[str], sentence: Sequence[str]) -> float:
        """Weighted Dice coefficient of the word pairs and words of two sentences: order counts, rare words count more."""
        first, second = Counter(words), Counter(sentence)
        shared = sum(self._weight(word) * count for word, count in (first & second).items())
        total = sum(self._weight(word) * count for word, count in (first + second).items())
        pairs, other = Counter(_pairs(words)), Counter(_pairs(sentence))
        both = 2 * (pairs & other).total() / max((pairs + other).total(), 1)
        return 0.75 * 2 * shared / total + 0.25 * both

    def _weight(self, word: str) -> float:
        return self._weights.get(word, self._default_weight)


def _sentences(intents: Iterable[Intent]) -> Iterable[tuple[Intent, tuple[str, ...]]]:
    for intent in intents:
        options = intent.pattern.options if isinstance(intent.pattern, phrases.Choice) else (intent.pattern,)
        found = (_plain(words) for option in options for words in _spread(option))
        yield from ((intent, words) for words in dict.fromkeys(found) if words)


def _spread(pattern: phrases.Node) -> list[tuple[str, ...]]:
    sentences = phrases.expand(pattern, 3000)
    return sentences[:: max(1, len(sentences) // SENTENCES_PER_PATTERN)]


def _plain(words: Sequence[str]) -> tuple[str, ...]:
    spelled = " ".join(_SPELLED_OUT.get(word, word) for word in words).split()
    bare = spelled
    while bare and bare[0] in _POLITE - {"you", "me"}:
        bare = bare[1:]
    while bare and bare[-1] in ("please", "thanks"):
        bare = bare[:-1]
    return tuple(bare or spelled)


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    padded = ["<", *words, ">"]
    return list(zip(padded, padded[1:], strict=False))


def _rarity(sentences: Iterable[Sequence[str]]) -> dict[str, float]:
    """Inverse document frequency with the usual smoothing."""
    seen = [set(words) for words in sentences]
    counts = Counter(word for words in seen for word in words)
    return {word: 1.0 + math.log((1 + len(seen)) / (1 + count)) for word, count in counts.items()}
