"""A loudspeaker for tests: plays into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ..core.arrays import Pcm
from .base import Render, SpeakerSettings
from .null import NullSpeaker

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
