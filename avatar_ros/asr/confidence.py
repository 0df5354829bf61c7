"""Confidence: was the most likely sentence of the grammar really said?

A grammar always finds something. So the same sound is decoded twice more: by a phone loop, and by a filler model of any
English words. Where the sentence was said, the phone loop scores alike and finds the same phones, and the filler words
sound like it; where it was not, the grammar scores worse, at least somewhere, and the words differ. How well the
sentence fits our own phone network is added (speech/pronunciation_score.py). A logistic regression over these features
gives the probability that the sentence is right; `./avatar bench hearing asr --fit` fits its weights and writes them to
confidence_weights.py. Likelihood ratios against a phone loop and against competing words are the classical measure
(Jiang, "Confidence measures for speech recognition", Speech Communication 45, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..core.arrays import F64
from ..speech.pronunciation_score import worst_window
from .confidence_weights import BIAS, WEIGHTS


@dataclass(frozen=True)
class Segment:
    """A word or phone between two frames of 10 ms, both included. score: log-likelihood of all its frames, nats."""

    text: str
    start: int
    end: int
    score: float = 0.0

    @property
    def frames(self) -> int:
        return self.end - self.start + 1


@dataclass(frozen=True)
class Rival:
    """The competing hypothesis of the filler model. phones: those of each real word of segments."""

    segments: tuple[Segment, ...] = ()
    phones: tuple[tuple[str, ...], ...] = ()


_CLASSES = (
    "P T K", "B D G", "F TH S SH CH HH", "V DH Z ZH JH", "M N NG", "L R W Y",
    "IY IH EY EH AE", "AA AO AH ER OW", "UH UW", "AY AW OY",
)  # fmt: skip
_CLASS_OF = {phone: number for number, phones in enumerate(_CLASSES) for phone in phones.split()}
_SAME_CLASS_COST, _OTHER_CLASS_COST, _GAP_COST = 0.4, 1.0, 0.8


def probability(features: Mapping[str, float]) -> float:
    """Probability 0–1 that features like these come from the right sentence."""
    return logistic(sum(w * (features[name] - mean) / sd for name, (mean, sd, w) in WEIGHTS.items()) + BIAS)


def quick_score(features: Mapping[str, float]) -> float:
    """The regression's share of the features that are given, about 3 for a sentence that was said, below 0 for none."""
    return sum(w * (features[name] - mean) / sd for name, (mean, sd, w) in WEIGHTS.items() if name in features)


#: quick_score of a sentence that needs no second pass: where both found it; where they found two that ask the same;
#: where the network found it, and the first pass another that is worse by _WORSE or none. Of the development set.
_SURE, _SURE_OF_THE_SAME, _SURE_ALONE, _WORSE = 2.5, 2.7, 3.5, 1.0


def is_sure(heard: float | None, network: float | None, *, same: bool) -> bool:
    """Whether the better of two sentences was said, by their quick_score: of the first pass, and of our network; None
    where it found none. same: they are one, or ask the same.

    On the development set it was so for 123 of 191 known questions, all right, and for none of 240 sentences and
    pieces of talk that the grammar lacks.
    """
    if network is None:
        return False
    if heard is None or not same:
        return network >= _SURE_ALONE and (heard is None or heard <= network - _WORSE)
    return max(heard, network) >= (_SURE if heard == network else _SURE_OF_THE_SAME)


def logistic(x: float) -> float:
    """Logistic function, safe for any x."""
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def confidence_features(
    words: Sequence[Segment],
    loop: Sequence[Segment],
    pronunciations: Sequence[Sequence[str]],
    rival: Rival,
    *,
    dropped: bool = False,
) -> dict[str, float]:
    """Inputs of the regression: nats a frame, shares, and frames a phone.

    words, loop: the grammar's and the phone loop's segments over the same sound, silence and fillers included;
    pronunciations: the phones of each real word of `words`; dropped: an unfinished last word was left out of them.
    """
    real = [word for word in words if is_word(word.text)]
    first, last = real[0].start, real[-1].end
    grammar, free = (np.pad(per_frame(s), (0, last + 1))[first : last + 1] for s in (words, loop))
    excess = grammar - free
    expected = [phone for phones in pronunciations for phone in phones]
    found = [s.text for s in loop if s.text in _CLASS_OF and _overlaps(s, first, last)]
    durations = [word.frames / len(phones) for word, phones in zip(real, pronunciations, strict=True)]
    return {
        "mean": float(excess.mean()),
        "worst_700ms": worst_window(excess, 70),
        "worst_word": min(float(excess[word.start - first : word.end + 1 - first].mean()) for word in real),
        "grammar": float(grammar.mean()),
        "phone_errors": edit_distance(expected, found) / len(expected),
        "slowest_word": max(durations),
        "fastest_word": min(durations),
        "phones_per_heard": len(expected) / max(len(found), 1),
        "words": float(len(real)),
        "dropped": float(dropped),
        **_rival_features(rival, expected, first, last),
    }


def _rival_features(rival: Rival, expected: Sequence[str], first: int, last: int) -> dict[str, float]:
    """Phone errors of the rival against the sentence, and the share of its words outside of the sentence."""
    words = [segment for segment in rival.segments if is_word(segment.text)]
    found = [p for s, ps in zip(words, rival.phones, strict=True) if _overlaps(s, first, last) for p in ps]
    outside = sum(s.frames for s in words if s.end < first - 5 or s.start > last + 5)
    return {
        "rival_errors": edit_distance(expected, found) / len(expected),
        "rival_outside": outside / max(sum(s.frames for s in words), 1),
    }


def rival_errors(rival: Rival, expected: Sequence[str]) -> float:
    """Phone errors of all of the rival's words against the sentence whose phones are expected."""
    found = [phone for phones in rival.phones for phone in phones]
    return edit_distance(expected, found) / max(len(expected), 1)


def _overlaps(segment: Segment, first: int, last: int) -> bool:
    return first - 3 < (segment.start + segment.end) / 2 < last + 3


def silent_share(loop: Sequence[Segment]) -> float:
    """Share of the sound, 0–1, that the phone loop decodes as silence or noise."""
    frames = sum(segment.frames for segment in loop)
    return sum(s.frames for s in loop if s.text not in _CLASS_OF) / frames if frames else 1.0


def is_word(text: str) -> bool:
    """Whether a decoder's segment is a real word, not silence, noise or a mark of the grammar."""
    return text[0] not in "<([+"


def per_frame(segments: Sequence[Segment]) -> F64:
    """Each segment's score spread evenly over its frames."""
    scores = np.zeros(max((segment.end for segment in segments), default=-1) + 1)
    for segment in segments:
        scores[segment.start : segment.end + 1] = segment.score / max(segment.frames, 1)
    return scores


def edit_distance(expected: Sequence[str], found: Sequence[str]) -> float:
    """Levenshtein distance of phones; a confusion within a class costs less."""
    row = [j * _GAP_COST for j in range(len(found) + 1)]
    for i, phone in enumerate(expected):
        above, row = row, [(i + 1) * _GAP_COST]
        for other, (diagonal, over) in zip(found, pairwise(above), strict=True):
            row.append(min(diagonal + _cost(phone, other), over + _GAP_COST, row[-1] + _GAP_COST))
    return row[-1]


def _cost(phone: str, other: str) -> float:
    if phone == other:
        return 0.0
    return _SAME_CLASS_COST if _CLASS_OF.get(phone) == _CLASS_OF.get(other) else _OTHER_CLASS_COST
