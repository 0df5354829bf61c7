"""What becomes of the avatar's own voice in the microphone: nothing, half duplex, or cancellation."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ..audio.base import Block
from ..core.arrays import Pcm
from ..core.clock import s_from_ns
from ..core.levels import is_audible
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import AudioFrame


class EchoCanceller(Protocol):
    """Takes what is played, and treats what is heard. warning: what the user should know."""

    warning: str
    name: str

    def played(self, frame: AudioFrame) -> None: ...

    def ready(self, frame: Block) -> bool:
        """Whether it is known what was played while `frame` was heard."""

    def treat(self, frame: Block) -> Pcm: ...

    def status(self) -> Mapping[str, str]:
        """Figures for diagnostics."""


class NoEcho:
    """The microphone cannot hear the loudspeaker, or somebody else takes care of it."""

    warning = ""
    name = "off"

    def played(self, frame: AudioFrame) -> None:
        """Not needed."""

    def ready(self, frame: Block) -> bool:
        """Always."""
        return True

    def treat(self, frame: Block) -> Pcm:
        """The sound as it is."""
        return frame.pcm

    def status(self) -> Mapping[str, str]:
        """Nothing to tell."""
        return {}


class HalfDuplex:
    """Deaf while the avatar is heard, and `tail_s` longer, for the room."""

    name = "mute"

    def __init__(self, tail_s: float, why: str = "") -> None:
        self._tail_s = tail_s
        self._spans: deque[tuple[float, float]] = deque(maxlen=64)  # when the avatar is heard, s
        self.warning = f"half duplex: the avatar cannot be interrupted by voice{why}"

    def played(self, frame: AudioFrame) -> None:
        """Take note of when the avatar is heard."""
        if not is_audible(frame.pcm):
            return
        start_s = s_from_ns(frame.steady_ns)
        end_s = start_s + len(frame.pcm) / frame.sample_rate_hz + self._tail_s
        if self._spans and self._spans[-1][0] <= start_s <= self._spans[-1][1]:
            start_s = self._spans.pop()[0]
        self._spans.append((start_s, end_s))

    def ready(self, frame: Block) -> bool:
        """What is not known in time would only be a few ms of echo."""
        return True

    def treat(self, frame: Block) -> Pcm:
        """Silence where the avatar was heard within the frame."""
        end_s = frame.at_s + len(frame.pcm) / LISTENING_RATE_HZ
        deaf = any(start_s < end_s and frame.at_s < until_s for start_s, until_s in self._spans)
        return np.zeros_like(frame.pcm) if deaf else frame.pcm

    def status(self) -> Mapping[str, str]:
        """Nothing to tell."""
        return {}
