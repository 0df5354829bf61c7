"""What microphones and loudspeakers share: a block of sound, and what installs PortAudio."""

from __future__ import annotations

from typing import NamedTuple

from ..core.arrays import Pcm

_PORTAUDIO = "sudo apt install libportaudio2 && ./avatar setup"


class Block(NamedTuple):
    """Sound as a microphone gave it: int16 mono at LISTENING_RATE_HZ, and when its first sample was at the device."""

    pcm: Pcm
    at_s: float
