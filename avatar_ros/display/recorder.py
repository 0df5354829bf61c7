"""Records what was seen and heard, in sync, to an MP4 file; encodes in a thread of its own and never blocks the face.

    recorder = Recorder(Path("talk.mp4"), RecorderSettings())
    recorder.add_frame(rgba, shown_at_steady_ns)      # any number of times, in any rhythm
    recorder.add_audio(audio_frame)                   # speech/played
    recorder.close()                                  # or be killed: the file then ends up to a second early

One clock: both kinds of times are steady nanoseconds, and zero is the first picture.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ConfigError
from ..core.machine import machine_fault
from ..core.registry import how_to_install
from ..core.settings import Settings, setting
from ..core.types import AudioFrame
from .base import U8
from .media import AAC_DELAY, AAC_RATES, check_writable, mono
from .timeline import AudioTimeline

if TYPE_CHECKING:
    from .mp4 import Mp4File

QUEUE_BYTES = 48_000_000
CLOSE_TIMEOUT_S = 20.0
#: Pictures that still wait for the encoder this long after `close` are dropped: the runner kills after 10 s.
FLUSH_S = 1.5
MAX_EARLY_SOUND = 3000  # pieces kept while there is no picture yet


@dataclass(frozen=True)
class RecorderSettings(Settings):
    """What a recording is made of."""

    fps: float = setting(30.0, "frames a second, as a hint for the video encoder", low=1.0, high=240.0)
    speech_rate_hz: int = setting(24000, "rate of speech/played, Hz", low=7350, high=96000)
    queue_frames: int = setting(30, "frames that may wait for the video encoder", low=1, high=600)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.speech_rate_hz not in AAC_RATES:
            rates = ", ".join(str(rate) for rate in AAC_RATES)
            raise ConfigError("parameter_choice", f"AAC cannot record {self.speech_rate_hz} Hz; it can: {rates}")


@dataclass(frozen=True, eq=False)
class _Picture:
    yuv: U8
    shown_ns: int


class Recorder:
    """Safe to call from several threads. After an error of the disk it takes nothing more; `error` says what it was.

    dropped: pictures that found the queue full or came out of order; refused: sounds of another rate or unknown time.
    """

    def __init__(self, path: Path | str, settings: RecorderSettings) -> None:
        """Raises ConfigError where `path` cannot be written."""
        self.path = Path(path)
        check_writable(self.path)
        self._mp4 = _mp4_module()
        self._settings = settings
        self._pictures: deque[_Picture] = deque()
        self._sounds: deque[AudioFrame] = deque(maxlen=MAX_EARLY_SOUND)
        self._changed = threading.Condition()
        self._closing = False
        self._flush_by_s = math.inf
        self._size: tuple[int, ...] = ()
        self._file: Mp4File | None = None
        self._start_ns = 0
        self._timeline: AudioTimeline | None = None
        self.error = ""
        self.frames = 0
        self.dropped = 0
        self.refused = 0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def add_frame(self, rgba: U8, shown_at_steady_ns: int) -> bool:
        """Record a picture, RGB or RGBA [H, W, 3 or 4], seen at that time. It may be overwritten at once.

        False where it was dropped: the queue is full, or its size is not that of the first.
        """
        with self._changed:
            if self._full(rgba) or rgba.shape[:2] != (self._size or rgba.shape[:2]):
                self.dropped += 1
                return False
            self._size = rgba.shape[:2]
        picture = _Picture(self._mp4.to_yuv(rgba), shown_at_steady_ns)
        with self._changed:
            self._pictures.append(picture)
            self._changed.notify()
        return True

    def add_audio(self, sound: AudioFrame) -> bool:
        """Record sound as it left the speaker: mono or interleaved channels, steady_ns of its first sample."""
        with self._changed:
            known = sound.steady_ns > 0 and sound.sample_rate_hz == self._settings.speech_rate_hz
            if self.error or self._closing or not known:
                self.refused += 1
                return False
            self._sounds.append(sound)
            self._changed.notify()
            return True

    def close(self) -> None:
        """Encode what waits, for FLUSH_S at most, and finish the file; returns within CLOSE_TIMEOUT_S."""
        with self._changed:
            self._closing = True
            self._flush_by_s = time.monotonic() + FLUSH_S
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            self.error = self.error or f"'{self.path}' was not finished within {CLOSE_TIMEOUT_S:.0f} s"

    def _full(self, rgba: U8) -> bool:
        waiting = len(self._pictures)
        too_big = waiting * rgba.shape[0] * rgba.shape[1] * 1.5 > QUEUE_BYTES
        return bool(self.error) or self._closing or too_big or waiting >= self._settings.queue_frames

    def _run(self) -> None:
        try:
            while self._step():
                pass
            if self._file is not None:
                self._file.close()
        except self._mp4.FILE_ERRORS as error:
            fault = machine_fault(error)
            self.error = f"the recording '{self.path}' ended early: {fault or error}"
            with contextlib.suppress(OSError):
                if self._file is not None:
                    self._file.abandon()

    def _step(self) -> bool:
        """Encode what has come; False once closed and empty."""
        with self._changed:
            while not (self._pictures or self._closing or (self._sounds and self._file)):
                self._changed.wait()
            if time.monotonic() > self._flush_by_s:
                self.dropped += len(self._pictures)
                self._pictures.clear()
            picture = self._pictures.popleft() if self._pictures else None
            started = self._file is not None or picture is not None
            sounds = list(self._sounds) if started else []
            if started:
                self._sounds.clear()
            closing = self._closing
        if picture is not None:
            self._write_picture(picture)
        for sound in sounds:
            self._write_sound(sound)
        return picture is not None or not closing

    def _write_picture(self, picture: _Picture) -> None:
        if self._file is None:
            self._begin(picture)
        assert self._file is not None
        at_s = (picture.shown_ns - self._start_ns) * 1e-9
        if at_s >= 0 and self._file.picture(picture.yuv, at_s):
            self.frames += 1
        else:
            self.dropped += 1

    def _begin(self, picture: _Picture) -> None:
        height, width = picture.yuv.shape
        rate_hz = self._settings.speech_rate_hz
        size, fps = (width, height * 2 // 3), self._settings.fps
        self._file = self._mp4.Mp4File(self.path, size, fps, rate_hz, self._mp4.LIVE, AAC_DELAY)
        self._start_ns = picture.shown_ns
        self._timeline = AudioTimeline(rate_hz, picture.shown_ns, AAC_DELAY)

    def _write_sound(self, sound: AudioFrame) -> None:
        assert self._file is not None
        assert self._timeline is not None
        self._file.sound(self._timeline.place(sound.steady_ns, mono(sound)))


def _mp4_module() -> Any:
    """PyAV and OpenCV are large: loaded only for a recording."""
    try:
        from . import mp4
    except ImportError as error:
        text = f"recording needs PyAV and OpenCV: {error}; {how_to_install('embedded')}"
        raise ConfigError("backend_not_installed", text) from error
    return mp4
