"""One microphone's sound: continuous windows out of frames with gaps, and what was recorded when."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..core.arrays import Pcm
from ..core.clock import ns_from_s
from ..core.errors import VadError
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import AudioFrame
from .base import WINDOW_SAMPLES


@dataclass(frozen=True)
class Window:
    """WINDOW_SAMPLES of sound. first_sample counts on mic/audio's stream; steady_ns: when pcm[0] was at the device."""

    first_sample: int
    pcm: Pcm
    steady_ns: int

    @property
    def end_sample(self) -> int:
        return self.first_sample + len(self.pcm)


class Capture:
    """Cuts frames of any length into windows. A gap becomes silence; call `restart` where it is too long for that."""

    def __init__(self) -> None:
        self._pending: list[Pcm] = []
        self._pending_samples = 0
        self._window_start = 0
        self._time_of: tuple[int, int] = (0, 0)  # a sample and its steady_ns
        self.next_sample = -1  # -1: nothing heard yet

    def gap_samples(self, frame: AudioFrame) -> int:
        """Samples missing before `frame`; negative where the stream went back."""
        return 0 if self.next_sample < 0 else frame.first_sample - self.next_sample

    def restart(self) -> None:
        """Forget everything: the next frame begins a new stream."""
        self._pending, self._pending_samples, self.next_sample = [], 0, -1

    def add(self, frame: AudioFrame) -> Iterator[Window]:
        """Take a frame (16 kHz mono) and yield the windows that it completes."""
        gap = self.gap_samples(frame)
        if self.next_sample < 0:
            self._window_start = frame.first_sample
        if gap > 0:
            self._append(np.zeros(gap, np.int16))
        self._time_of = (frame.first_sample, frame.steady_ns)
        self._append(frame.pcm)
        self.next_sample = frame.first_sample + len(frame.pcm)
        yield from self._windows()

    def steady_ns(self, sample: int) -> int:
        """When `sample` was at the device, from the newest frame's time; 0 where the microphone tells no times."""
        at, steady_ns = self._time_of
        return steady_ns + ns_from_s((sample - at) / LISTENING_RATE_HZ) if steady_ns else 0

    def _append(self, pcm: Pcm) -> None:
        self._pending.append(pcm)
        self._pending_samples += len(pcm)

    def _windows(self) -> Iterator[Window]:
        if self._pending_samples < WINDOW_SAMPLES:
            return
        sound = np.concatenate(self._pending)
        whole = len(sound) - len(sound) % WINDOW_SAMPLES
        self._pending, self._pending_samples = [sound[whole:]], len(sound) - whole
        for start in range(0, whole, WINDOW_SAMPLES):
            first_sample = self._window_start
            self._window_start += WINDOW_SAMPLES
            yield Window(first_sample, sound[start : start + WINDOW_SAMPLES], self.steady_ns(first_sample))


class PreRoll:
    """The newest windows, so that an utterance can begin before it was noticed."""

    def __init__(self) -> None:
        self._windows: deque[Window] = deque()

    def add(self, window: Window, keep_samples: int) -> None:
        """Append, and drop what lies more than `keep_samples` before the window's end."""
        self._windows.append(window)
        while self._windows[0].end_sample <= window.end_sample - keep_samples - WINDOW_SAMPLES:
            self._windows.popleft()

    def since(self, sample: int) -> list[Window]:
        """The kept windows that end after `sample`, oldest first."""
        return [window for window in self._windows if window.end_sample > sample]

    def clear(self) -> None:
        self._windows.clear()


def check_format(frame: AudioFrame) -> None:
    """Raises VadError where the sound is none that is listened to."""
    if frame.sample_rate_hz != LISTENING_RATE_HZ or frame.channels != 1:
        raise VadError(
            "vad_audio_format",
            f"mic/audio has {frame.sample_rate_hz} Hz and {frame.channels} channel(s); voice detection needs "
            f"{LISTENING_RATE_HZ} Hz mono: have the microphone node convert it",
        )
