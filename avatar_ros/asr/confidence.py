"""Was it really said, or is it only the likest of the sentences that are known?

A grammar always finds something. So the same sound is decoded twice more: by a free loop of phones that no grammar
binds, and in any English words. Where the sentence was really said, the phones score alike and are the same, and the
free words sound like it; where it was not, the grammar scores worse, at least somewhere, and the words differ. Our own
phone network is asked how well the sentence fits what it heard (phone_fit.py). A logistic regression over these
differences gives the probability that the sentence is right; `./avatar bench hearing asr --fit` finds its weights and
writes them to weights.py. Likelihood ratios against a phone loop and against rival words are the classical measure
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
    """What else it could have been, in any words. phones: those of each real word of segments."""

    segments: tuple[Segment, ...] = ()
    phones: tuple[tuple[str, ...], ...] = ()


_CLASSES = (
    "P T K", "B D G", "F TH S SH CH HH", "V DH Z ZH JH", "M N NG", "L R W Y",
    "IY IH EY EH AE", "AA AO AH ER OW", "UH UW", "AY AW OY",
)  # fmt: skip
_CLASS_OF = {phone: number for number, phones in enumerate(_CLASSES) for phone in phones.split()}
_SAME_CLASS_COST, _OTHER_CLASS_COST, _GAP_COST = 0.4, 1.0, 0.8


def probability(found: Mapping[str, float]) -> float:
    """Probability 0–1 that features like these come from the right sentence."""
    return sigmoid(sum(w * (found[name] - mean) / sd for name, (mean, sd, w) in WEIGHTS.items()) + BIAS)


def sigmoid(x: float) -> float:
    """Logistic function, safe for any x."""
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def features(
    words: Sequence[Segment],
    loop: Sequence[Segment],
    spoken: Sequence[Sequence[str]],
    rival: Rival,
    *,
    dropped: bool = False,
) -> dict[str, float]:
    """What the regression looks at: nats a frame, shares, and frames a phone.

    words, loop: the grammar's and the phone loop's segments over the same sound, silence and fillers included;
    spoken: the phones of each real word of `words`; dropped: a last word that was only begun was left out of them.
    """
    real = [word for word in words if is_word(word.text)]
    first, last = real[0].start, real[-1].end
    grammar, free = (np.pad(per_frame(s), (0, last + 1))[first : last + 1] for s in (words, loop))
    excess = grammar - free
    wanted = [phone for phones in spoken for phone in phones]
    heard = [s.text for s in loop if s.text in _CLASS_OF and _overlaps(s, first, last)]
    durations = [word.frames / len(phones) for word, phones in zip(real, spoken, strict=True)]
    return {
        "mean": float(excess.mean()),
        "worst_700ms": worst_window(excess, 70),
        "worst_word": min(float(excess[word.start - first : word.end + 1 - first].mean()) for word in real),
        "grammar": float(grammar.mean()),
        "phone_errors": edit_distance(wanted, heard) / len(wanted),
        "slowest_word": max(durations),
        "fastest_word": min(durations),
        "phones_per_heard": len(wanted) / max(len(heard), 1),
        "words": float(len(real)),
        "dropped": float(dropped),
        **_against(rival, wanted, first, last),
    }


def _against(rival: Rival, wanted: Sequence[str], first: int, last: int) -> dict[str, float]:
    """How unlike the sentence the rival sounds, and which share of its words lies outside of it."""
    words = [segment for segment in rival.segments if is_word(segment.text)]
    heard = [p for s, ps in zip(words, rival.phones, strict=True) if _overlaps(s, first, last) for p in ps]
    outside = sum(s.frames for s in words if s.end < first - 5 or s.start > last + 5)
    return {
        "rival_errors": edit_distance(wanted, heard) / len(wanted),
        "rival_outside": outside / max(sum(s.frames for s in words), 1),
    }


def _overlaps(segment: Segment, first: int, last: int) -> bool:
    return first - 3 < (segment.start + segment.end) / 2 < last + 3


def silent_share(loop: Sequence[Segment]) -> float:
    """Share of the sound, 0–1, that the phone loop takes for silence or noise."""
    frames = sum(segment.frames for segment in loop)
    return sum(s.frames for s in loop if s.text not in _CLASS_OF) / frames if frames else 1.0


def is_word(text: str) -> bool:
    """Whether a decoder's segment is a real word, not silence, a filler or the grammar's own mark."""
    return text[0] not in "<([+"


def per_frame(segments: Sequence[Segment]) -> F64:
    """Each segment's score spread evenly over its frames."""
    scores = np.zeros(max((segment.end for segment in segments), default=-1) + 1)
    for segment in segments:
        scores[segment.start : segment.end + 1] = segment.score / max(segment.frames, 1)
    return scores


def edit_distance(wanted: Sequence[str], heard: Sequence[str]) -> float:
    """Levenshtein distance of phones; phones of one class are half the same."""
    row = [j * _GAP_COST for j in range(len(heard) + 1)]
    for i, phone in enumerate(wanted):
        above, row = row, [(i + 1) * _GAP_COST]
        for other, (diagonal, over) in zip(heard, pairwise(above), strict=True):
            row.append(min(diagonal + _cost(phone, other), over + _GAP_COST, row[-1] + _GAP_COST))
    return row[-1]


def _cost(phone: str, other: str) -> float:
    if phone == other:
        return 0.0
    return _SAME_CLASS_COST if _CLASS_OF.get(phone) == _CLASS_OF.get(other) else _OTHER_CLASS_COST
