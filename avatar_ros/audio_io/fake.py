"""Scripted devices: a loudspeaker that keeps what it played, a microphone that hears what it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from .base import MIC_RATE_HZ, MicSettings, Pcm, Render, SpeakerSettings
from .mic_paced import PacedMic
from .speaker_null import NullSpeaker

#: Blocks that a fake loudspeaker remembers: a minute and more.
MEMORY = 10000


class FakeSpeaker(NullSpeaker):
    """The null device with a memory. played: (when heard, int16 sound), oldest first."""

    def __init__(self, settings: SpeakerSettings) -> None:
        super().__init__(settings)
        self.played: deque[tuple[float, Pcm]] = deque(maxlen=MEMORY)

    def open(self, render: Render, now_s: float) -> None:
        """Begin to count, and to remember."""

        def remember(count: int, at_s: float) -> Pcm:
            pcm = render(count, at_s)
            self.played.append((at_s, pcm))
            return pcm

        super().open(remember, now_s)

    def status(self) -> Mapping[str, str]:
        """That this is no real device."""
        return {"device": "fake"}


class FakeMic(PacedMic):
    """Hears `script`: (seconds from `open`, int16 sound at MIC_RATE_HZ), in order of time; silence otherwise."""

    def __init__(self, settings: MicSettings) -> None:
        super().__init__(settings)
        self.script: deque[tuple[float, Pcm]] = deque()
        self._sound: Pcm = np.zeros(0, np.int16)

    def status(self) -> Mapping[str, str]:
        """That this is no real device."""
        return {"device": "fake"}

    def _next(self, at_s: float) -> Pcm:
        while self.script and self.script[0][0] * MIC_RATE_HZ <= self._heard + 1e-6:
            self._sound = np.concatenate([self._sound, self.script.popleft()[1]])
        pcm, self._sound = self._sound[: self._frame], self._sound[self._frame :]
        return np.pad(pcm, (0, self._frame - len(pcm)))
