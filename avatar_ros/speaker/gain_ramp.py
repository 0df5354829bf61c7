"""A gain that never jumps."""

from __future__ import annotations

import numpy as np

from ..core.arrays import F32, Pcm


class GainRamp:
    """Linear from where it is to where it should be, continuous over blocks of any length."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain
        self._target = gain
        self._step = 0.0

    def set(self, gain: float) -> None:
        """Jump; for silence, where nobody hears it."""
        self.gain = self._target = gain
        self._step = 0.0

    def aim(self, gain: float, samples: int) -> None:
        """Reach `gain` after `samples` samples."""
        self._target = gain
        self._step = (gain - self.gain) / max(1, samples)

    @property
    def remaining(self) -> int:
        """Samples until the target is reached."""
        if self._step == 0.0 or self.gain == self._target:
            return 0
        return max(1, round((self._target - self.gain) / self._step))

    def apply(self, pcm: Pcm) -> Pcm:
        """`pcm` with the gain, which moves on by its length."""
        left = self.remaining
        if not left:
            self.gain = self._target
            return pcm if self.gain == 1.0 else np.round(pcm * np.float32(self.gain)).astype(np.int16)
        return np.round(pcm * self._curve(len(pcm), left)).astype(np.int16)

    def _curve(self, count: int, left: int) -> F32:
        curve = self.gain + self._step * np.arange(1, count + 1, dtype=np.float32)
        if count >= left:
            curve[left - 1 :] = self._target
            self.gain, self._step = self._target, 0.0
        else:
            self.gain += self._step * count
        return curve.astype(np.float32)
