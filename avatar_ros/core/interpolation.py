"""Frames between frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import F32


def between(rows: F32, at: NDArray[np.floating]) -> F32:
    """Rows [T, C] at fractional places [N], linear; the first and the last hold beyond. T is at least 1, or N is 0."""
    if not len(at):
        return rows[:0]
    x = np.clip(at, 0, len(rows) - 1)
    low = np.floor(x).astype(int)
    high = np.minimum(low + 1, len(rows) - 1)
    t = (x - low).astype(np.float32)[:, None]
    return np.asarray(rows[low] * (1 - t) + rows[high] * t)
