"""Frames that were drawn in advance, to a video file or to pictures: `./avatar render`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.loading import boundary
from ..core.outputs import whole_file
from ..core.private import private_folder
from .base import U8
from .media import check_writable
from .mp4 import OFFLINE, Coding, Mp4File, to_yuv

SOUND_RATE_HZ = 48000
MAX_SOUND_S = 2 * 3600


def write_video(
    path: Path | str, frames: Iterable[U8], fps: float, sound: Path | str | None = None, coding: Coding = OFFLINE
) -> int:
    """Write frames [H, W, 3 or 4] (frame i at i / fps seconds) and a sound file that begins with frame 0, as MP4.

    Returns the number of frames. Frames of premultiplied RGBA come out over black. Raises ConfigError for a path that
    cannot be written, a sound file that cannot be read, or no frame at all; OSError where the disk is full.
    """
    path = Path(path)
    check_writable(path)
    pcm = None if sound is None else decode_sound(sound)
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise ConfigError("no_frames", f"nothing to write to '{path}': there is no frame")
    height, width = (side + side % 2 for side in first.shape[:2])
    with whole_file(path) as part:
        file = Mp4File(part, (width, height), fps, 0 if pcm is None else SOUND_RATE_HZ, coding)
        with closing(file):
            return _write(file, chain([first], rest), fps, pcm)


def write_pngs(folder: Path | str, frames: Iterable[U8], first: int = 0) -> int:
    """Write frames [H, W, 3 or 4] as 000000.png … into `folder`, made if missing; alpha is kept as it is.

    PNG wants straight alpha: draw with transparent_alpha="straight". Returns the number of frames.
    """
    folder = Path(folder)
    try:
        private_folder(folder)
    except OSError as error:
        raise ConfigError("bad_folder", f"the folder '{folder}' cannot be made: {error.strerror}") from error
    count = 0
    for count, frame in enumerate(frames, start=1):
        code = cv2.COLOR_RGBA2BGRA if frame.shape[2] == 4 else cv2.COLOR_RGB2BGR
        target = folder / f"{first + count - 1:06d}.png"
        with whole_file(target) as part:
            if not cv2.imwrite(str(part), cv2.cvtColor(np.ascontiguousarray(frame), code)):
                why = "is the disk full, or the folder protected?"
                raise ConfigError("bad_folder", f"'{target}' cannot be written; {why}")
    return count


def decode_sound(path: Path | str, rate_hz: int = SOUND_RATE_HZ) -> Pcm:
    """Any sound file that FFmpeg reads, as mono int16 [n] at `rate_hz`. Raises ConfigError."""
    with boundary(f"'{path}' as sound", ConfigError, "bad_sound", "give a sound file"), av.open(str(path)) as file:
        if not file.streams.audio:
            raise ConfigError("bad_sound", f"'{path}' holds no sound")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        pcm, most = bytearray(), 2 * rate_hz * MAX_SOUND_S  # grown as it comes: frames take several times its memory
        for frame in chain(file.decode(audio=0), [None]):
            for part in resampler.resample(frame):
                pcm += part.to_ndarray().tobytes()
            if len(pcm) > most:
                raise ConfigError("bad_sound", f"'{path}' lasts more than {MAX_SOUND_S / 3600:g} hours")
    return np.frombuffer(pcm, np.int16)


def _write(file: Mp4File, frames: Iterable[U8], fps: float, pcm: Pcm | None) -> int:
    count = 0
    for count, frame in enumerate(frames, start=1):
        file.picture(to_yuv(np.ascontiguousarray(frame)), (count - 1) / fps)
        if pcm is not None:
            file.sound(pcm[_sample(count - 1, fps) : _sample(count, fps)])
    if pcm is not None:
        file.sound(pcm[_sample(count, fps) :])
    return count


def _sample(frame: int, fps: float) -> int:
    return round(frame / fps * SOUND_RATE_HZ)
