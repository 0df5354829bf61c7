"""Where a turn's lips begin, and where they go on from another window than the frame before: no jumps.

LAM Audio2Expression blends the first frames of each slice from the last frame of the one before, and the very first
ones from rest. Here windows overlap and give the same where both have their context; where they do not (a frame was
urgent), the step between them fades out. Without a step nothing is changed, and nothing comes late.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32

#: Smaller steps are no seams.
_SEEN = 1e-3


def faded_in(weights: F32, since_s: NDArray[np.floating], frames: int, rate_hz: float) -> F32:
    """Weights [N, 52] that hold `since_s` [N] after the beginning, rising from rest within `frames` of rate_hz.

    Frame i of the model shows (i + 1) / (frames + 1) of its weights.
    """
    if not frames:
        return weights
    share = np.clip((since_s * rate_hz + 1) / (frames + 1), 0, 1)
    return np.asarray(weights * share[:, None], np.float32)


class Seam:
    """The step at which the newest window met the one before, fading out within `frames` of rate_hz."""

    def __init__(self, frames: int, rate_hz: float) -> None:
        self._fade_s = (frames + 1) / rate_hz if frames else 0.0
        self._step: F32 = np.zeros(ARKIT_COUNT, np.float32)
        self._start_s = 0.0
        self._shown: tuple[float, F32] | None = None  # the last frame that was given, not yet held within 0–1

    @property
    def shown_s(self) -> float | None:
        """Instant of the last frame that was given; None: there is none to go on from, or nothing is blended."""
        return self._shown[0] if self._shown is not None and self._fade_s else None

    def forget(self) -> None:
        """What comes next does not go on from what was."""
        self._shown = None
        self._step = np.zeros(ARKIT_COUNT, np.float32)

    def joined(self, times_s: NDArray[np.floating], weights: F32, before: F32 | None) -> F32:
        """Weights [N, 52] at times_s as they go on from what was shown; before [52]: what this window has for then."""
        if not self._fade_s:
            return weights
        if before is not None and self._shown is not None:
            shown_s, shown = self._shown
            if np.abs(shown - before - self._left(np.array([shown_s]))[0]).max() > _SEEN:
                self._step, self._start_s = shown - before, shown_s
        out = weights + self._left(times_s)
        self._shown = (float(times_s[-1]), out[-1])
        return np.clip(out, 0, 1).astype(np.float32)

    def _left(self, times_s: NDArray[np.floating]) -> F32:
        share = np.clip(1 - (times_s - self._start_s) / self._fade_s, 0, 1)
        return np.asarray(share[:, None] * self._step, np.float32)
