"""Goodness of pronunciation: how well a sentence fits the phone network's probabilities, aligned frame by frame.

As in the goodness of pronunciation of Witt and Young (Speech Communication 30, 2000), a frame's probability under the
sentence counts; but of the kind of phone, not of the phone, and relative to the network's entropy: of a voice like
those that it was trained on it tells phones apart, of others only kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.arrays import F64
from .phone_graph import Chain, Ints
from .phones import PHONE_CLASSES, SIL

#: Added to the network's probabilities: none is smaller.
FLOOR = 1e-3
_NEVER = -1e30
_ALIKE = (
    "P B M", "F V", "T D N L TH DH", "S Z SH ZH CH JH", "K G NG HH", "R W Y", "IY IH EH AE", "AA AO AH AX ER",
    "UH UW", "SIL",
)  # fmt: skip
#: [PHONE_COUNT, kinds]: 1 where a class is of that kind.
_KINDS = np.array([[float(name in group.split()) for group in _ALIKE] for name in PHONE_CLASSES])
_WORST_FRAMES = 30
#: Added to the probability of a kind: a single frame never counts more than this.
_KIND_FLOOR = 3e-3


@dataclass(frozen=True)
class PhoneAlignment:
    """Of each frame: its phone class, and the index of its word, -1 in silence. score: log-probability of it all."""

    phones: Ints
    words: Ints
    score: float


@dataclass
class _States:
    """One state for each phone of each pronunciation, and for the silences around words."""

    phones: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    before: list[list[int]] = field(default_factory=list)

    def add(self, phone: int, word: int, before: Sequence[int]) -> int:
        """A state that may follow itself and those in `before`; its number."""
        number = len(self.phones)
        self.phones.append(phone)
        self.words.append(word)
        self.before.append([number, *before])
        return number

    def chain(self, phones: Chain, word: int, before: Sequence[int]) -> tuple[int, int]:
        """A state for each phone, one after the other; the first and the last."""
        first = last = self.add(phones[0], word, before)
        for phone in phones[1:]:
            last = self.add(phone, word, [last])
        return first, last


def align(logs: F64, words: Sequence[Sequence[Chain]]) -> PhoneAlignment | None:
    """The most likely path through the words, all frames used; None where there are too few frames.

    logs: logarithms of the phone classes' probabilities [T, PHONE_COUNT]; words: the pronunciations of each.
    """
    states = _States()
    silence = states.add(SIL, -1, [])
    starts, ends = [silence], [silence]
    for number, pronunciations in enumerate(words):
        chains = [states.chain(phones, number, ends) for phones in pronunciations]
        if number == 0:
            starts += [first for first, _ in chains]
        word_ends = [last for _, last in chains]
        ends = [*word_ends, states.add(SIL, -1, word_ends)]
    return _viterbi(logs, states, starts, ends)


def _viterbi(logs: F64, states: _States, starts: Sequence[int], ends: Sequence[int]) -> PhoneAlignment | None:
    count = len(states.phones)
    before = np.full((count, max(map(len, states.before))), count)
    for state, others in enumerate(states.before):
        before[state, : len(others)] = others
    score = np.full(count + 1, _NEVER)  # the last one stands for "no such state"
    phones = np.array(states.phones)
    score[list(starts)] = logs[0, phones[list(starts)]]
    came_from = np.zeros((len(logs), count), np.int64)
    for frame in range(1, len(logs)):
        choices = score[before]
        best = choices.argmax(axis=1)
        came_from[frame] = before[np.arange(count), best]
        score[:count] = choices[np.arange(count), best] + logs[frame, phones]
    state = max(ends, key=lambda end: float(score[end]))
    if (total := float(score[state])) <= _NEVER / 2:
        return None
    path = [state]
    for frame in range(len(logs) - 1, 0, -1):
        path.append(int(came_from[frame, path[-1]]))
    best_path = np.array(path[::-1])
    return PhoneAlignment(phones[best_path], np.array(states.words)[best_path], total)


def pronunciation_features(phones: F64, words: Sequence[Sequence[Chain]]) -> dict[str, float]:
    """Inputs of the regression of asr/confidence.py: nats a frame, about 0 where the sentence is right; and a share.

    phones: probabilities of the phone classes [T, PHONE_COUNT]; words: the pronunciations of each.
    """
    found = align(np.log(phones + FLOOR), words) if len(phones) else None
    if found is None:
        return {"net_mean": -5.0, "net_worst_word": -5.0, "net_worst_300ms": -5.0, "net_outside": 1.0}
    inside = np.flatnonzero(found.words >= 0)
    first, last = int(inside[0]), int(inside[-1]) + 1
    surprise = _surprise(phones, found.phones)
    sounds = phones[:, SIL] < 0.5
    outside = int(sounds[:first].sum() + sounds[last:].sum())
    return {
        "net_mean": float(surprise[first:last].mean()),
        "net_worst_word": min(float(surprise[found.words == word].mean()) for word in range(len(words))),
        "net_worst_300ms": worst_window(surprise[first:last], _WORST_FRAMES),
        "net_outside": outside / max(int(sounds.sum()), 1),
    }


def _surprise(phones: F64, aligned: Ints) -> F64:
    """Log-probability of the aligned phone's kind, plus what it would cost on average if the network were right."""
    kinds = phones @ _KINDS
    entropy = -(kinds * np.log(kinds + 1e-9)).sum(axis=1)
    surprise: F64 = np.log((kinds * _KINDS[aligned]).sum(axis=1) + _KIND_FLOOR) + entropy
    return surprise


def worst_window(scores: F64, frames: int) -> float:
    """The lowest mean over `frames` neighbours; over all where there are fewer."""
    if len(scores) <= frames:
        return float(scores.mean())
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    return float((sums[frames:] - sums[:-frames]).min() / frames)
