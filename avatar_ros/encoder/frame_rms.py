"""The level of a turn's sound, frame by frame."""

from __future__ import annotations

import numpy as np

from ..core.arrays import F32, Pcm
from ..core.levels import FULL_SCALE


class FrameRms:
    """RMS (full scale 1) of the sound around each frame, in order, as they are asked for.

    Frame i is the sound from half a frame before i / frame_rate_hz to half a frame after it; beyond the sound's ends it
    is silent.
    """

    def __init__(self, sample_rate_hz: int, frame_rate_hz: float) -> None:
        self._samples_a_frame = sample_rate_hz / frame_rate_hz
        self._pcm = np.zeros(0, np.int16)
        self._origin = 0  # the turn's sample in _pcm[0]
        self._next = 0

    def add(self, pcm: Pcm) -> None:
        """Take more sound."""
        self._pcm = np.concatenate([self._pcm, pcm])

    def take(self, count: int) -> F32:
        """The next frames [count]."""
        edges = np.round((self._next + np.arange(count + 1) - 0.5) * self._samples_a_frame).astype(int)
        at = np.clip(edges - self._origin, 0, len(self._pcm))
        squares = np.concatenate([[0.0], np.cumsum((self._pcm.astype(np.float64) / FULL_SCALE) ** 2)])
        out = np.sqrt(np.maximum(np.diff(squares[at]), 0.0) / self._samples_a_frame)
        self._next += count
        drop = int(at[-1])
        self._pcm, self._origin = self._pcm[drop:], self._origin + drop
        return np.asarray(out, np.float32)
