"""Where the phones of a sentence come from. A source turns sound into frames of phone probabilities, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, Pcm
from ..core.levels import FULL_SCALE, powers_dbfs
from ..speech.loudness import LoudnessMeter
from ..speech.phones import PHONE_COUNT, PHONE_INDEX, PHONE_RATE_HZ, SIL
from .mark_frames import Stretch, frames_from_stretches


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


#: (where the sentence begins, its text, its locale) -> a source that listens
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


class LoudSource:
    """The last resort, where no acoustic model is installed: the louder, the more of an open vowel."""

    _AFTER_S = 0.01
    _SILENT, _OPEN = 0.4, 0.75

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid
        self._origin = grid.end_sample
        self._pcm = np.zeros(0, np.int16)
        self._meter = LoudnessMeter()

    def push(self, pcm: Pcm) -> F32:
        """Frames that are over."""
        self._grid.grow(len(pcm))
        self._pcm = np.concatenate([self._pcm, pcm])
        return self._give(self._grid.ready(self._AFTER_S))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._give(self._grid.rest())

    def _give(self, count: int) -> F32:
        first = self._grid.take(count)
        levels = frame_levels_dbfs(self._pcm, self._grid.rate_hz, self._origin, first, count)
        openness = np.clip(
            (self._meter.measure_frames(levels, 1 / PHONE_RATE_HZ) - self._SILENT) / (self._OPEN - self._SILENT), 0, 1
        )
        self._forget()
        out = np.zeros((count, PHONE_COUNT), np.float32)
        out[:, PHONE_INDEX["AH"]] = openness
        out[:, SIL] = 1 - openness
        return out

    def _forget(self) -> None:
        keep_from = round((self._grid.next_frame / PHONE_RATE_HZ - 0.05) * self._grid.rate_hz) - self._origin
        if keep_from > 0:
            self._pcm = self._pcm[keep_from:]
            self._origin += keep_from


WINDOW_BEFORE_S, WINDOW_AFTER_S = 0.015, 0.005


def frame_levels_dbfs(pcm: NDArray[np.int16], sample_rate_hz: int, origin: int, first: int, count: int) -> F32:
    """RMS level [count] in dBFS of frames first … first + count; pcm[0] is sample `origin` of the turn.

    Windows that reach outside the sound are filled with silence. At least SILENCE_DBFS.
    """
    squares = np.concatenate([[0.0], np.cumsum((pcm.astype(np.float64) / FULL_SCALE) ** 2)])
    centres = (first + np.arange(count)) / PHONE_RATE_HZ * sample_rate_hz - origin
    low = np.clip(np.round(centres - WINDOW_BEFORE_S * sample_rate_hz).astype(int), 0, len(pcm))
    high = np.clip(np.round(centres + WINDOW_AFTER_S * sample_rate_hz).astype(int), 0, len(pcm))
    width = (WINDOW_BEFORE_S + WINDOW_AFTER_S) * sample_rate_hz
    return powers_dbfs((squares[high] - squares[low]) / width).astype(np.float32)
