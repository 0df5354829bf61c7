"""What the front ends share: a stream of samples as overlapping windows, and triangles on the mel scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from ..core.arrays import F64
from ..core.rates import LISTENING_RATE_HZ

#: Samples at 16 kHz from one window to the next (10 ms), and of the Fourier transform of one.
SHIFT, FFT = 160, 512


class WindowStream:
    """Samples in, windows [T, window] out, `SHIFT` apart; `padding` zeros come first, the first `skip` are left out."""

    def __init__(self, window: int, dtype: DTypeLike, padding: int = 0, skip: int = 0) -> None:
        self._window, self._skip = window, skip
        self._samples: NDArray[Any] = np.zeros(padding, dtype)

    def push(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Take samples; the windows that they complete."""
        held = np.concatenate([self._samples, np.asarray(samples, self._samples.dtype)])
        held, self._skip = held[self._skip :], max(0, self._skip - len(held))
        count = max(0, (len(held) - self._window) // SHIFT + 1)
        self._samples = held[count * SHIFT :]
        if not count:
            return np.zeros((0, self._window), held.dtype)
        return sliding_window_view(held, self._window)[: count * SHIFT : SHIFT]


def mel_corners_hz(low_hz: float, high_hz: float, bands: int) -> F64:
    """Corners [bands + 2] of triangles of equal width on the mel scale."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (low_hz, high_hz))
    return np.asarray(700.0 * (10.0 ** (np.linspace(low, high, bands + 2) / 2595.0) - 1.0))


def triangles(corners_hz: F64) -> F64:
    """Triangles of peak 1 [FFT // 2 + 1, bands] over the bins of the spectrum."""
    bins_hz = np.arange(FFT // 2 + 1)[:, None] * (LISTENING_RATE_HZ / FFT)
    left, centre, right = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    rise = (bins_hz - left) / np.maximum(centre - left, 1.0)
    fall = (right - bins_hz) / np.maximum(right - centre, 1.0)
    return np.maximum(0.0, np.minimum(rise, fall))
