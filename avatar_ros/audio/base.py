"""What microphones and loudspeakers share: a block of sound, and what installs PortAudio."""

from __future__ import annotations

from typing import NamedTuple

from ..core.arrays import Pcm

_PORTAUDIO = "sudo apt install libportaudio2 && ./avatar setup"


class Block(NamedTuple):
    """Sound as a microphone gave it, and when its first sample was at the device.

    pcm: int16 at LISTENING_RATE_HZ, [n], or of an array [n, channels].
    """

    pcm: Pcm
    at_s: float
