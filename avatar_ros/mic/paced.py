"""What microphones without a device share: frames in real time, by a count of samples that cannot drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..audio.base import Block
from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from .base import MicSettings

#: After a stall (a suspended computer) sound goes on from now rather than hurry after what was missed.
MAX_BEHIND_S = 2.0


class PacedMic:
    """Silence, for whoever inherits to fill."""

    paced = True

    def __init__(self, settings: MicSettings) -> None:
        self._frame = round(settings.frame_s * LISTENING_RATE_HZ)
        self._origin_s = 0.0
        self._heard = 0

    def load(self) -> None:
        """Nothing to look for."""

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Begin to count."""
        self._origin_s, self._heard = now_s, 0

    def read(self, now_s: float) -> list[Block]:
        """Frames that are over by now."""
        if now_s - self._at_s(self._heard) > MAX_BEHIND_S:
            self._origin_s = now_s - self._at_s(self._heard) + self._origin_s
        out = []
        while self._at_s(self._heard + self._frame) <= now_s + 1e-9:
            at_s = self._at_s(self._heard)
            out.append(Block(self._next(at_s), at_s))
            self._heard += self._frame
        return out

    def mood(self, speaking: bool, now_s: float) -> None:
        """Nobody here cares what the avatar does."""

    def status(self) -> Mapping[str, str]:
        """The source's name."""
        return {"device": type(self).__name__}

    def close(self) -> None:
        """Nothing to free."""

    def _next(self, at_s: float) -> Pcm:
        """The next frame, which begins at `at_s`."""
        return np.zeros(self._frame, np.int16)

    def _at_s(self, sample: int) -> float:
        return self._origin_s + sample / LISTENING_RATE_HZ
