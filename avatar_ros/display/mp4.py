"""An MP4 file with H.264 pictures at any times and AAC sound, written piece by piece (PyAV, FFmpeg 8).

Live recordings are `hybrid_fragmented`: fragments of one second while recording, so a process that is killed leaves a
file that plays up to its last second, and an ordinary, seekable MP4 once closed. An AAC encoder delays the sound by
AAC_DELAY samples; usually an edit list hides that, which fragments cannot carry. So a live recording leaves those first
43 ms without sound and puts the delay there: nothing has a negative time and no player needs to know.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from ..core.arrays import Pcm
from ..core.levels import FULL_SCALE
from ..core.private import private_file
from .base import U8
from .media import AAC_DELAY

cv2.setNumThreads(1)  # see compose.py

VIDEO_BASE = Fraction(1, 90000)
AUDIO_BIT_RATE = 96000
INTERLEAVE_US = 500_000
#: Head of a box: size (1: it follows, 8 bytes; 0: to the end of the file), kind, and what follows.
_BOX = struct.Struct(">I4sQ")
FILE_ERRORS = (av.FFmpegError, OSError)


@dataclass(frozen=True)
class Coding:
    """How pictures are compressed: x264's preset, tune and quality (crf: 0 lossless to 51), and the file's flags."""

    preset: str = "superfast"
    tune: str = "zerolatency"
    crf: int = 20
    flags: str = "hybrid_fragmented"
    threads: int = 1


LIVE = Coding()
OFFLINE = Coding(preset="medium", tune="", crf=17, flags="faststart", threads=2)
#: Somebody waits for it: half the work of OFFLINE, at the same quality and about the same size.
PROMPT = Coding(preset="veryfast", tune="", crf=17, flags="faststart", threads=2)


def to_yuv(rgba: U8) -> U8:
    """RGB(A) [H, W, 3 or 4] as planar YUV 4:2:0 [1.5 H, W] (BT.601, limited range), odd sides grown by one pixel."""
    height, width = rgba.shape[:2]
    if height % 2 or width % 2:
        rgba = cv2.copyMakeBorder(rgba, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(rgba, cv2.COLOR_RGBA2YUV_I420 if rgba.shape[2] == 4 else cv2.COLOR_RGB2YUV_I420)


class Mp4File:
    """One file. Raises one of FILE_ERRORS where the disk refuses.

    size: width and height of the pictures, even. rate_hz: of the sound, one of AAC_RATES; 0 for no sound.
    first_sample: 0 with an edit list (OFFLINE), AAC_DELAY where sound starts only after the encoder's delay (LIVE).
    """

    def __init__(
        self, path: Path, size: tuple[int, int], fps: float, rate_hz: int, coding: Coding, first_sample: int = 0
    ) -> None:
        self._path = path
        self._rate_hz = rate_hz
        self._pending = np.zeros(0, np.int16)
        self._sample = first_sample
        self._first_sample = first_sample
        options = {"movflags": coding.flags, "flush_packets": "1", "max_interleave_delta": str(INTERLEAVE_US)}
        private_file(path)
        self._file = av.open(str(path), "w", format="mp4", options=options)
        self._video = self._add_video(size, fps, coding)
        self._audio = self._add_audio() if rate_hz else None
        self._last_pts = -1

    def picture(self, yuv: U8, at_s: float) -> bool:
        """Append a picture [1.5 H, W] shown `at_s` seconds into the recording; False where it came too late to keep."""
        pts = round(at_s / VIDEO_BASE)
        if pts <= self._last_pts:
            return False
        self._last_pts = pts
        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts, frame.time_base = pts, VIDEO_BASE
        self._file.mux(self._video.encode(frame))
        return True

    def sound(self, pcm: Pcm) -> None:
        """Append samples [n] int16 to the sound; the first ever stands at `first_sample`."""
        self._pending = np.concatenate([self._pending, pcm])
        whole = len(self._pending) // AAC_DELAY * AAC_DELAY
        for start in range(0, whole, AAC_DELAY):
            self._encode(self._pending[start : start + AAC_DELAY])
        self._pending = self._pending[whole:]

    def close(self) -> None:
        """Write what is left and finish the file; a sound track that stayed empty is taken out of it."""
        self._file.mux(self._video.encode(None))
        if self._audio is not None:
            if len(self._pending):
                self._encode(self._pending)
            if self._sample > self._first_sample:
                self._file.mux(self._audio.encode(None))
        self._file.close()
        if self._audio is not None and self._sample == self._first_sample:
            beside = self._path.with_name(self._path.name + ".part")
            try:
                _keep_video_only(self._path, beside)
            except FILE_ERRORS:  # no room for it: an empty track does no harm
                beside.unlink(missing_ok=True)

    def abandon(self) -> None:
        """After one of FILE_ERRORS: cut the file to its whole fragments, which play. It takes nothing more."""
        os.truncate(self._path, _whole_length(self._path))

    def _add_video(self, size: tuple[int, int], fps: float, coding: Coding) -> av.VideoStream:
        options = {"preset": coding.preset, "crf": str(coding.crf), "g": str(max(1, round(fps)))}
        if coding.tune:
            options["tune"] = coding.tune
        stream = self._file.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = VIDEO_BASE
        context.thread_count = coding.threads
        context.colorspace = context.color_primaries = context.color_trc = 6  # BT.601, as to_yuv converts
        context.color_range = 1  # limited
        return stream

    def _add_audio(self) -> av.AudioStream:
        stream = self._file.add_stream("aac", rate=self._rate_hz, layout="mono")
        stream.bit_rate = AUDIO_BIT_RATE
        return stream

    def _encode(self, pcm: Pcm) -> None:
        assert self._audio is not None
        samples = np.ascontiguousarray(pcm, np.float32)[None] / FULL_SCALE
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = self._rate_hz, Fraction(1, self._rate_hz)
        frame.pts = self._sample
        self._sample += len(pcm)
        self._file.mux(self._audio.encode(frame))


def _whole_length(path: Path) -> int:
    """Bytes up to the end of the last fragment that was written whole: each is a box `moof` and a box `mdat`."""
    whole = at = 0
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while at + _BOX.size <= end:
            file.seek(at)
            size, kind, large = _BOX.unpack(file.read(_BOX.size))
            at += large if size == 1 else size or end
            if at <= end and kind != b"moof":
                whole = at
            if size == 1 > large or 1 < size < 8:
                break
    return whole


def _keep_video_only(path: Path, beside: Path) -> None:
    """Rewrite a file without its sound track, by way of one beside it, no picture being decoded."""
    private_file(beside)
    with av.open(str(path)) as old, av.open(str(beside), "w", format="mp4", options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    beside.replace(path)
