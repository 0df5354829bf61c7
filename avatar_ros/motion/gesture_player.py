"""Plays one movement at a time over whatever the face does; one that is cut off fades out under the next."""

from __future__ import annotations

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.gestures import Movement, Pose

#: A movement that is cut off has faded out after this time, s.
_FADE_S = 0.25


class GesturePlayer:
    """Told the time, gives what is to be added to the face: weights may be negative, angles are degrees."""

    def __init__(self) -> None:
        self._movement: Movement | None = None
        self._size = 1.0
        self._began_s = 0.0
        self._now = np.zeros(ARKIT_COUNT + 3)
        self._left = np.zeros(ARKIT_COUNT + 3)  # of what was cut off
        self._cut_s = float("-inf")

    @property
    def moves_eyes(self) -> bool:
        """Whether the movement says itself where the eyes look."""
        return self._movement is not None and self._movement.moves_eyes

    def start(self, movement: Movement | None, size: float, now_s: float) -> None:
        """From now on make this movement; None: none."""
        self._left, self._cut_s = self._now, now_s
        self._movement, self._size, self._began_s = movement, size, now_s

    def step(self, now_s: float) -> Pose:
        """What is to be added at `now_s`."""
        row = np.zeros(ARKIT_COUNT + 3)
        if self._movement is not None:
            row = self._movement.row(now_s - self._began_s) * self._size
            if now_s - self._began_s >= self._movement.duration_s:
                self._movement = None
        share = min(1.0, max(0.0, (now_s - self._cut_s) / _FADE_S))
        if share < 1.0:
            row = row + self._left * (1 - share * share * (3 - 2 * share))
        self._now = row
        return Pose.of(row)
