"""Speech at any rate to 16 kHz, streaming and without a delay that would have to be made up for."""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64
from ..core.rates import LISTENING_RATE_HZ

_HALF_TAPS = 12


class Resampler:
    """Windowed-sinc interpolation at the exact ratio; output n stands at n / 16000 seconds of the input."""

    def __init__(self, rate_hz: int) -> None:
        common = gcd(rate_hz, LISTENING_RATE_HZ)
        self._step, self._phases = rate_hz // common, LISTENING_RATE_HZ // common
        # Low-pass at the lower of the two Nyquist rates; the kernel gets wider as the cutoff gets lower.
        self._cutoff = min(1.0, LISTENING_RATE_HZ / rate_hz)
        self._half = int(np.ceil(_HALF_TAPS / self._cutoff))
        self._kernels = self._table()
        self._held: F64 = np.zeros(self._half)
        self._origin = -self._half  # input index of _held[0]
        self._next = 0  # output index

    def push(self, pcm: NDArray[np.int16]) -> F64:
        """Take samples; those of the output that can be worked out now."""
        if self._step == self._phases:
            return pcm.astype(np.float64)
        self._held = np.concatenate([self._held, pcm.astype(np.float64)])
        last = self._origin + len(self._held) - 1 - self._half
        count = max(0, (last * self._phases) // self._step + 1 - self._next)
        n = self._next + np.arange(count)
        base, phase = n * self._step // self._phases, n * self._step % self._phases
        taps = (base - self._half + 1 - self._origin)[:, None] + np.arange(2 * self._half)
        out = (self._held[taps] * self._kernels[phase]).sum(axis=1) if count else np.zeros(0)
        self._next += count
        self._forget()
        return out

    def finish(self) -> F64:
        """What is left, as if silence followed."""
        if self._step == self._phases:
            return np.zeros(0)
        return self.push(np.zeros(self._half, np.int16))

    def _forget(self) -> None:
        first = self._next * self._step // self._phases - self._half
        drop = first - self._origin
        if drop > 0:
            self._held = self._held[drop:]
            self._origin += drop

    def _table(self) -> F64:
        """[phases, 2 · half] weights of the inputs around an output that lies phase / phases after one."""
        offsets = np.arange(-self._half + 1, self._half + 1) - np.arange(self._phases)[:, None] / self._phases
        window = np.cos(np.pi * offsets / (2 * self._half)) ** 2 * (np.abs(offsets) < self._half)
        kernels = self._cutoff * np.sinc(self._cutoff * offsets) * window
        return np.asarray(kernels / kernels.sum(axis=1, keepdims=True))
