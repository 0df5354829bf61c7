"""Backends `auto` and `sounddevice`: the sound card, and silence in real time while there is none.

A card that vanishes (USB) costs the sound, not the conversation: playing goes on silently and the card is looked for
again, after 1, 2, 4 … 30 s.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..audio.portaudio import rescan
from ..core.errors import AvatarRosError, ConfigError
from .base import Render, SpeakerSettings
from .null import NullSpeaker
from .sounddevice import SoundDeviceSpeaker

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 30.0


class AutoSpeaker:
    """A card where there is one, silence where there is none."""

    required = False

    def __init__(self, settings: SpeakerSettings) -> None:
        self._card = SoundDeviceSpeaker(settings)
        self._null = NullSpeaker(settings)
        self._render: Render | None = None
        self._problem = ""
        self._retry_at_s = 0.0
        self._retry_s = FIRST_RETRY_S

    def load(self) -> None:
        """Look for a card. Raises ConfigError where one was asked for by name and is not there."""
        try:
            self._card.load()
        except ConfigError:
            if self.required:
                raise

    def open(self, render: Render, now_s: float) -> None:
        """Open the card or else the null device."""
        self._render = render
        self._try(now_s)

    def pump(self, now_s: float) -> None:
        """Keep the device going, or look for it again."""
        if not self._problem:
            try:
                self._card.pump(now_s)
            except AvatarRosError as error:
                self._fall_silent(error, now_s)
        elif now_s >= self._retry_at_s:
            self._null.close()
            self._card.close()
            rescan()
            self._try(now_s)
        if self._problem:
            self._null.pump(now_s)

    def status(self) -> Mapping[str, str]:
        """The device that plays; a warning where nobody hears it."""
        if not self._problem:
            return self._card.status()
        return {**self._null.status(), "warning": f"silent: {self._problem}"}

    def close(self) -> None:
        """Close whatever is open."""
        self._card.close()
        self._null.close()

    def _try(self, now_s: float) -> None:
        assert self._render is not None
        try:
            self._card.open(self._render, now_s)
        except AvatarRosError as error:
            self._fall_silent(error, now_s)
            return
        self._problem, self._retry_s = "", FIRST_RETRY_S

    def _fall_silent(self, error: AvatarRosError, now_s: float) -> None:
        assert self._render is not None
        self._card.close()
        self._problem = str(error)
        self._retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self._null.open(self._render, now_s)


class CardSpeaker(AutoSpeaker):
    """As AutoSpeaker, but the card must be there at the start."""

    required = True
