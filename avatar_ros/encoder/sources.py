"""Where the phones of a sentence come from. A source turns sound into frames of phone probabilities, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import Protocol

import numpy as np

from ..core.arrays import F32, Pcm
from ..core.errors import EncoderError
from ..speech.loudness import FrameLoudness, LoudnessMeter
from ..speech.phones import PHONE_CLASSES, PHONE_COUNT, PHONE_INDEX, PHONE_RATE_HZ, SIL
from .mark_frames import Stretch, frames_from_stretches

#: Lips are where they must be this much before it is heard: a closure has begun when its sound stops.
LEAD_S = 0.01
#: From sound alone, p, b and m are easily taken for other plosives and nasals. Lips that stay open where they must
#: close are seen at once, lips that close for a moment too many hardly: bilabials count this much more. So do f and v,
#: which are taken for b, p and th: as much more as costs no closure (on recorded people, docs/measurements.md).
_COSTS = {**dict.fromkeys("PBM", 4.0), **dict.fromkeys("FV", 2.0)}
_CLASS_COSTS = np.array([_COSTS.get(name, 1.0) for name in PHONE_CLASSES], np.float32)


class PhoneSource(Protocol):
    """Frames [T, PHONE_COUNT] from the sentence's first frame on, without gaps."""

    def push(self, pcm: Pcm) -> F32:
        """Take the next samples; the frames that are ready now."""

    def finish(self) -> F32:
        """All frames that are left, up to the last sample taken."""


class FrameGrid:
    """Which frames a stretch of sound holds: frame i stands at i / PHONE_RATE_HZ seconds of the turn."""

    def __init__(self, start_sample: int, sample_rate_hz: int) -> None:
        self.rate_hz = sample_rate_hz
        self.end_sample = start_sample
        self.next_frame = ceil(start_sample * PHONE_RATE_HZ / sample_rate_hz - 1e-9)

    def grow(self, samples: int) -> None:
        """Take note of more sound."""
        self.end_sample += samples

    def ready(self, after_s: float) -> int:
        """How many frames more have `after_s` of sound after their instant."""
        last = floor((self.end_sample / self.rate_hz - after_s) * PHONE_RATE_HZ + 1e-6)
        return max(0, last + 1 - self.next_frame)

    def rest(self) -> int:
        """How many frames more there are up to the last sample."""
        end = ceil(self.end_sample * PHONE_RATE_HZ / self.rate_hz - 1e-9)
        return max(0, end - self.next_frame)

    def take(self, count: int) -> int:
        """Move on by `count` frames; the first one's number."""
        first = self.next_frame
        self.next_frame += count
        return first


#: (where the sentence begins, its text, its locale) -> a source of its phones
Listener = Callable[[FrameGrid, str, str], PhoneSource]


class MarkSource:
    """Frames straight from phone marks: no model, ready with their sound."""

    _AFTER_S = 0.5 / PHONE_RATE_HZ

    def __init__(self, grid: FrameGrid, parts: Sequence[Stretch]) -> None:
        self._grid = grid
        self._parts = parts  # shared with the turn: later marks become visible here

    def push(self, pcm: Pcm) -> F32:
        """Frames whose 10 ms are over."""
        self._grid.grow(len(pcm))
        return self._give(self._grid.ready(self._AFTER_S))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._give(self._grid.rest())

    def _give(self, count: int) -> F32:
        return frames_from_stretches(self._parts, self._grid.take(count), count)


class LoudnessSource:
    """The last resort, where no acoustic model is installed: the louder, the more of an open vowel."""

    _AFTER_S = 0.01
    _SILENT, _OPEN = 0.4, 0.75

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid
        self._loudness = FrameLoudness(LoudnessMeter(), grid.rate_hz, grid.end_sample, grid.next_frame)

    def push(self, pcm: Pcm) -> F32:
        """Frames that are over."""
        self._grid.grow(len(pcm))
        self._loudness.add(pcm)
        return self._give(self._grid.ready(self._AFTER_S))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._give(self._grid.rest())

    def _give(self, count: int) -> F32:
        self._grid.take(count)
        openness = np.clip((self._loudness.take(count) - self._SILENT) / (self._OPEN - self._SILENT), 0, 1)
        out = np.zeros((count, PHONE_COUNT), np.float32)
        out[:, PHONE_INDEX["AH"]] = openness
        out[:, SIL] = 1 - openness
        return out


def prefer_closures(rows: F32) -> F32:
    """Phone probabilities [T, PHONE_COUNT] with those of bilabials raised, and of f and v."""
    weighted = rows * _CLASS_COSTS
    return weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-30)


def check_rate(sample_rate_hz: int, expected_hz: int) -> None:
    """Raises EncoderError where a turn's speech does not go on at the rate that it began with."""
    if sample_rate_hz != expected_hz:
        raise EncoderError("encoder_rate", f"speech changed from {expected_hz} to {sample_rate_hz} Hz within a turn")
