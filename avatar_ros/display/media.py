"""What is known of recordings without any library: formats, paths, the sum of channels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.types import AudioFrame

AAC_DELAY = 1024  # samples; also the length of an AAC frame
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def check_writable(path: Path) -> None:
    """Raises ConfigError where no MP4 can be written to `path`."""
    if path.suffix.lower() not in (".mp4", ".m4v"):
        raise ConfigError("bad_recording", f"the recording '{path}' must end in .mp4")
    if not path.parent.is_dir():
        raise ConfigError("bad_recording", f"the folder '{path.parent}' of the recording does not exist; make it first")
    if path.is_dir():
        raise ConfigError("bad_recording", f"the recording '{path}' is a folder; give a file name in it")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError("bad_recording", f"the recording '{path}' cannot be written: no permission")


def mono(sound: AudioFrame) -> Pcm:
    """The mean of a frame's interleaved channels, [n] int16."""
    if sound.channels <= 1:
        return sound.pcm
    return sound.pcm.reshape(-1, sound.channels).mean(axis=1).astype(np.int16)
