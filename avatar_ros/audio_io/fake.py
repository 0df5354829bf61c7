"""Scripted devices: a loudspeaker that keeps what it played, a microphone that hears what it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from .base import MIC_RATE_HZ, Block, MicSettings, Pcm, Render, SpeakerSettings
from .speaker_null import NullSpeaker


class FakeSpeaker(NullSpeaker):
    """The null device with a memory. played: [(when heard, int16 sound)]."""

    def __init__(self, settings: SpeakerSettings) -> None:
        super().__init__(settings)
        self.played: list[tuple[float, Pcm]] = []

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


class FakeMic:
    """Hears `script`: [(when, int16 sound at MIC_RATE_HZ)]; silence otherwise. Times count from `open`."""

    paced = True

    def __init__(self, settings: MicSettings) -> None:
        self._frame = round(settings.frame_s * MIC_RATE_HZ)
        self.script: deque[tuple[float, Pcm]] = deque()
        self._origin_s = 0.0
        self._heard = 0
        self._sound: Pcm = np.zeros(0, np.int16)

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Begin to count."""
        self._origin_s, self._heard = now_s, 0

    def read(self, now_s: float) -> list[Block]:
        """Frames that are over."""
        out = []
        while self._origin_s + (self._heard + self._frame) / MIC_RATE_HZ <= now_s + 1e-9:
            out.append(Block(self._next(), self._origin_s + self._heard / MIC_RATE_HZ))
            self._heard += self._frame
        return out

    def mood(self, speaking: bool, now_s: float) -> None:
        """The script does not care."""

    def status(self) -> Mapping[str, str]:
        """That this is no real device."""
        return {"device": "fake"}

    def close(self) -> None:
        """Nothing to free."""

    def _next(self) -> Pcm:
        while self.script and self.script[0][0] * MIC_RATE_HZ <= self._heard:
            self._sound = np.concatenate([self._sound, self.script.popleft()[1]])
        pcm, self._sound = self._sound[: self._frame], self._sound[self._frame :]
        return np.pad(pcm, (0, self._frame - len(pcm)))
