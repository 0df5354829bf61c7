"""Scripted devices: a loudspeaker that keeps what it played, a microphone that hears what it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from .base import MicSettings
from .paced import PacedMic


class FakeMic(PacedMic):
    """Hears `script`: (seconds from `open`, int16 sound at LISTENING_RATE_HZ), in order of time; silence otherwise."""

    def __init__(self, settings: MicSettings) -> None:
        super().__init__(settings)
        self.script: deque[tuple[float, Pcm]] = deque()
        self._sound: Pcm = np.zeros(0, np.int16)

    def status(self) -> Mapping[str, str]:
        """That this is no real device."""
        return {"device": "fake"}

    def _next(self, at_s: float) -> Pcm:
        while self.script and self.script[0][0] * LISTENING_RATE_HZ <= self._heard + 1e-6:
            self._sound = np.concatenate([self._sound, self.script.popleft()[1]])
        pcm, self._sound = self._sound[: self._frame], self._sound[self._frame :]
        return np.pad(pcm, (0, self._frame - len(pcm)))
