"""Backends `auto` and `sounddevice`: the loudspeaker, and silence in real time while there is none."""

from __future__ import annotations

from ..audio.reconnecting import Reconnecting
from .base import Render, Speaker, SpeakerSettings
from .null import NullSpeaker
from .sounddevice import SoundDeviceSpeaker


class AutoSpeaker(Reconnecting[Speaker]):
    """A card where there is one, silence where there is none."""

    warning_prefix = "silent: "

    def __init__(self, settings: SpeakerSettings) -> None:
        super().__init__(SoundDeviceSpeaker(settings), NullSpeaker(settings))

    def open(self, render: Render, now_s: float) -> None:
        """Open the card or else the null device."""
        self._open(lambda speaker, at_s: speaker.open(render, at_s), now_s)

    def pump(self, now_s: float) -> None:
        """Keep the device going, or look for it again."""
        self._use(lambda speaker: speaker.pump(now_s), now_s)


class CardSpeaker(AutoSpeaker):
    """As AutoSpeaker, but the card must be there at the start."""

    required = True
