"""Was it really said, or is it only the likest of the sentences that are known?

A grammar always finds something. So the same sound is decoded a second time, by a free loop of phones that no grammar
binds: where the words were really said, the two score alike and name the same phones; where they were not, the grammar
scores worse, at least somewhere. A logistic regression over these differences gives the probability that the
sentence is right; `python -m avatar_ros.bench.hearing asr --fit` prints its weights, from synthetic voices with noise.
Likelihood ratios against a phone loop are the classical measure (Jiang, "Confidence measures for speech
recognition", Speech Communication 45, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Segment:
    """A word or phone between two frames of 10 ms, both included. score: log-likelihood of all its frames, nats."""

    text: str
    start: int
    end: int
    score: float

    @property
    def frames(self) -> int:
        return self.end - self.start + 1


#: feature -> (mean, standard deviation, weight); the bias stands beside it.
WEIGHTS: Mapping[str, tuple[float, float, float]] = {
    "mean": (-2.466, 1.554, 1.23),
    "worst_400ms": (-4.631, 2.470, 0.11),
    "worst_700ms": (-3.540, 2.162, 0.61),
    "worst_word": (-5.311, 3.041, 1.22),
    "everywhere": (-2.196, 1.196, -0.28),
    "grammar": (-5.644, 1.586, 0.68),
    "phone_errors": (0.523, 0.136, -1.25),
    "slowest_word": (16.359, 6.103, -0.73),
    "fastest_word": (6.126, 1.806, 0.09),
    "log_frames": (4.900, 0.430, 0.74),
    "phones_per_heard": (1.297, 0.349, -0.74),
}
BIAS = 1.80

_CLASSES = (
    "P T K", "B D G", "F TH S SH CH HH", "V DH Z ZH JH", "M N NG", "L R W Y",
    "IY IH EY EH AE", "AA AO AH ER OW", "UH UW", "AY AW OY",
)  # fmt: skip
_CLASS_OF = {phone: number for number, phones in enumerate(_CLASSES) for phone in phones.split()}
_SAME_CLASS_COST, _OTHER_CLASS_COST, _GAP_COST = 0.4, 1.0, 0.8


def confidence(words: Sequence[Segment], loop: Sequence[Segment], spoken: Sequence[Sequence[str]]) -> float:
    """Probability 0–1 that `words` were said.

    words, loop: the grammar's and the phone loop's segments over the same sound, silence and fillers included;
    spoken: the phones of each real word of `words`.
    """
    return probability(features(words, loop, spoken))


def probability(found: Mapping[str, float]) -> float:
    """Probability 0–1 that features like these come from the right sentence."""
    return sigmoid(sum(w * (found[name] - mean) / sd for name, (mean, sd, w) in WEIGHTS.items()) + BIAS)


def sigmoid(x: float) -> float:
    """Logistic function, safe for any x."""
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def features(words: Sequence[Segment], loop: Sequence[Segment], spoken: Sequence[Sequence[str]]) -> dict[str, float]:
    """What the regression looks at: nats a frame, shares, and seconds a phone."""
    real = [word for word in words if is_word(word.text)]
    first, last = real[0].start, real[-1].end
    heard = [s.text for s in loop if s.text in _CLASS_OF and first - 3 < (s.start + s.end) / 2 < last + 3]
    wanted = [phone for phones in spoken for phone in phones]
    grammar = per_frame(words)
    frames = max(len(grammar), max((s.end + 1 for s in loop), default=0))
    grammar = np.pad(grammar, (0, frames - len(grammar)))
    excess = grammar - np.pad(per_frame(loop), (0, frames))[:frames]
    inside = excess[first : last + 1]
    durations = [word.frames / len(phones) for word, phones in zip(real, spoken, strict=True)]
    by_word = [float(excess[word.start : word.end + 1].mean()) for word in real]
    return {
        "mean": float(inside.mean()),
        "worst_400ms": worst_window(inside, 40),
        "worst_700ms": worst_window(inside, 70),
        "worst_word": min(by_word),
        "everywhere": float(excess.mean()),
        "grammar": float(grammar[first : last + 1].mean()),
        "phone_errors": edit_distance(wanted, heard) / len(wanted),
        "slowest_word": max(durations),
        "fastest_word": min(durations),
        "log_frames": math.log(last - first + 1),
        "phones_per_heard": len(wanted) / max(len(heard), 1),
    }


def silent_share(loop: Sequence[Segment]) -> float:
    """Share of the sound, 0–1, that the phone loop takes for silence or noise."""
    frames = sum(segment.frames for segment in loop)
    return sum(s.frames for s in loop if s.text not in _CLASS_OF) / frames if frames else 1.0


def is_word(text: str) -> bool:
    """Whether a decoder's segment is a real word, not silence, a filler or the grammar's own mark."""
    return text[0] not in "<([+"


def per_frame(segments: Sequence[Segment]) -> FloatArray:
    """Each segment's score spread evenly over its frames."""
    scores = np.zeros(max((segment.end for segment in segments), default=-1) + 1)
    for segment in segments:
        scores[segment.start : segment.end + 1] = segment.score / max(segment.frames, 1)
    return scores


def worst_window(scores: FloatArray, frames: int) -> float:
    """The lowest mean over `frames` neighbours; over all where there are fewer."""
    if len(scores) <= frames:
        return float(scores.mean())
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    return float((sums[frames:] - sums[:-frames]).min() / frames)


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
