"""Backends `auto` and `sounddevice`: the microphone, and silence in real time while there is none."""

from __future__ import annotations

from collections.abc import Callable

from ..audio.base import Block
from ..audio.reconnecting import Reconnecting
from .base import Mic, MicSettings
from .silent import SilentMic
from .sounddevice import SoundDeviceMic


class AutoMic(Reconnecting[Mic]):
    """A microphone where there is one, silence where there is none."""

    def __init__(self, settings: MicSettings) -> None:
        super().__init__(SoundDeviceMic(settings), SilentMic(settings))

    @property
    def paced(self) -> bool:
        """Silence is paced, a card is not."""
        return bool(self._problem)

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Open the microphone or else silence."""
        self._open(lambda mic, at_s: mic.open(at_s, wake), now_s)

    def read(self, now_s: float) -> list[Block]:
        """Sound of the microphone, or silence."""
        return self._use(lambda mic: mic.read(now_s), now_s)

    def mood(self, speaking: bool, now_s: float) -> None:
        """A microphone does not care what the avatar does."""


class CardMic(AutoMic):
    """As AutoMic, but the microphone must be there at the start."""

    required = True
