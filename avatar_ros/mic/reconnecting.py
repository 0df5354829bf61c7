"""Backends `auto` and `sounddevice`: the microphone, and silence in real time while there is none.

A microphone that vanishes (USB) is looked for again, after 1, 2, 4 … 30 s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..audio.base import Block
from ..audio.portaudio import rescan
from ..core.errors import AvatarRosError, ConfigError
from .base import MicSettings
from .silent import SilentMic
from .sounddevice import SoundDeviceMic

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 30.0


class AutoMic:
    """A microphone where there is one, silence where there is none."""

    required = False

    def __init__(self, settings: MicSettings) -> None:
        self._card = SoundDeviceMic(settings)
        self._silence = SilentMic(settings)
        self._wake: Callable[[], None] | None = None
        self._problem = ""
        self._retry_at_s = 0.0
        self._retry_s = FIRST_RETRY_S

    @property
    def paced(self) -> bool:
        """Silence is paced, a card is not."""
        return bool(self._problem)

    def load(self) -> None:
        """Look for a microphone. Raises ConfigError where one was asked for and is not there."""
        try:
            self._card.load()
        except ConfigError:
            if self.required:
                raise

    def open(self, now_s: float, wake: Callable[[], None]) -> None:
        """Open the microphone or else silence."""
        self._wake = wake
        self._try(now_s)

    def read(self, now_s: float) -> list[Block]:
        """Sound of the microphone, or silence."""
        if not self._problem:
            try:
                return self._card.read(now_s)
            except AvatarRosError as error:
                self._fall_silent(error, now_s)
        elif now_s >= self._retry_at_s:
            self._card.close()
            rescan()
            self._try(now_s)
        return self._silence.read(now_s) if self._problem else []

    def mood(self, speaking: bool, now_s: float) -> None:
        """A microphone does not care what the avatar does."""

    def status(self) -> Mapping[str, str]:
        """The device that hears; a warning where none does."""
        if not self._problem:
            return self._card.status()
        return {"device": "none", "warning": self._problem}

    def close(self) -> None:
        """Close the microphone."""
        self._card.close()

    def _try(self, now_s: float) -> None:
        assert self._wake is not None
        try:
            self._card.open(now_s, self._wake)
        except AvatarRosError as error:
            self._fall_silent(error, now_s)
            return
        self._problem, self._retry_s = "", FIRST_RETRY_S

    def _fall_silent(self, error: AvatarRosError, now_s: float) -> None:
        assert self._wake is not None
        self._card.close()
        if not self._problem:
            self._silence.open(now_s, self._wake)
        self._problem = str(error)
        self._retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)


class CardMic(AutoMic):
    """As AutoMic, but the microphone must be there at the start."""

    required = True
