"""Sound as a stream at the microphone's rate, delayed by less than a millisecond (soxr's streams hold back 40 ms)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64
from ..core.rates import LISTENING_RATE_HZ

#: Samples at the common multiple of both rates, before and after.
_HALF = 32
#: Rates whose common multiple with LISTENING_RATE_HZ is a larger one are interpolated linearly instead.
_LARGEST_FACTOR = 4


class LowLatencyResampler:
    """Polyphase filter with a windowed sinc (A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, 4.6)."""

    def __init__(self, rate_hz: int) -> None:
        common = int(np.gcd(rate_hz, LISTENING_RATE_HZ))
        self._up, self._down = LISTENING_RATE_HZ // common, rate_hz // common
        self._step = rate_hz / LISTENING_RATE_HZ
        n = np.arange(-_HALF, _HALF + 1)
        cut = 0.9 / max(self._up, self._down)
        self._taps = self._up * cut * np.sinc(cut * n) * np.hamming(len(n))
        self._past = np.zeros(2 * _HALF if self._up <= _LARGEST_FACTOR else 1)
        self._at: float = 0

    def push(self, sound: NDArray[Any]) -> F64:
        """[n] at the rate given -> what it makes at LISTENING_RATE_HZ."""
        if self._step == 1.0:
            return np.asarray(sound, np.float64)
        return self._filtered(sound) if self._up <= _LARGEST_FACTOR else self._interpolated(sound)

    def _filtered(self, sound: NDArray[Any]) -> F64:
        wide = np.zeros(len(sound) * self._up)
        wide[:: self._up] = sound
        wide = np.concatenate([self._past, wide])
        self._past = wide[-2 * _HALF :]
        low = np.convolve(wide, self._taps, "valid")
        out = low[int(self._at) :: self._down]
        self._at = (self._at - len(low)) % self._down
        return out

    def _interpolated(self, sound: NDArray[Any]) -> F64:
        line = np.concatenate([self._past, sound])
        self._past = line[-1:]
        places = np.arange(self._at, len(line) - 1, self._step)
        self._at = (places[-1] + self._step if len(places) else self._at) - (len(line) - 1)
        return np.interp(places, np.arange(len(line)), line)
