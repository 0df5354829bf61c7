"""How loud a voice is against its own usual level: what mouth, head and brows keep time with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, Pcm
from ..core.levels import FULL_SCALE, powers_dbfs
from .phones import PHONE_RATE_HZ, USUAL_LOUDNESS

#: From loudness 0 to 1.
_RANGE_DB = 50.0
#: RMS level of stressed vowels that a voice is taken to have until it has spoken, and the least of all, dBFS.
_FIRST_LEVEL_DBFS, _LEAST_DBFS = -20.0, -45.0
#: The usual level follows louder sound within this time, softer sound more slowly.
_RISE_S, _FALL_S = 0.15, 4.0
#: Sound this far below the usual level, and softer than any voice, is a pause and says nothing about it.
_PAUSE_DB, _VOICE_DBFS = 15.0, -50.0
_WINDOW_BEFORE_S, _WINDOW_AFTER_S = 0.015, 0.005
#: Sound before the next frame that is kept for its window, s.
_KEPT_S = 0.05


class LoudnessMeter:
    """Streaming: levels in, loudness 0-1 out; the usual level has USUAL_LOUDNESS."""

    def __init__(self) -> None:
        self._usual_dbfs = _FIRST_LEVEL_DBFS

    def measure(self, dbfs: float, seconds: float) -> float:
        """Loudness of the next `seconds` of sound, whose RMS level is `dbfs`."""
        difference = dbfs - self._usual_dbfs
        if difference > 0:
            self._usual_dbfs += difference * min(1.0, seconds / _RISE_S)
        elif difference > -_PAUSE_DB or dbfs > _VOICE_DBFS:
            self._usual_dbfs = max(_LEAST_DBFS, self._usual_dbfs + difference * min(1.0, seconds / _FALL_S))
        return min(1.0, max(0.0, USUAL_LOUDNESS + (dbfs - self._usual_dbfs) / _RANGE_DB))

    def measure_frames(self, dbfs: NDArray[np.floating], frame_s: float) -> F32:
        """As `measure`, for frames [n] of equal length."""
        return np.array([self.measure(level, frame_s) for level in dbfs.tolist()], np.float32)


class FrameLoudness:
    """The loudness of frames at PHONE_RATE_HZ, in order, as they are asked for."""

    def __init__(self, meter: LoudnessMeter, sample_rate_hz: int, start_sample: int = 0, next_frame: int = 0) -> None:
        """start_sample: the turn's sample at which the sound begins; next_frame: the first one that will be taken."""
        self._meter = meter
        self._rate_hz = sample_rate_hz
        self._pcm = np.zeros(0, np.int16)
        self._origin = start_sample
        self.next_frame = next_frame

    def add(self, pcm: Pcm) -> None:
        """Take more sound."""
        self._pcm = np.concatenate([self._pcm, pcm])

    def take(self, count: int) -> F32:
        """Loudness [count] of the next frames."""
        levels = frame_levels_dbfs(self._pcm, self._rate_hz, self._origin, self.next_frame, count)
        self.next_frame += count
        drop = max(0, round((self.next_frame / PHONE_RATE_HZ - _KEPT_S) * self._rate_hz) - self._origin)
        self._pcm = self._pcm[drop:]
        self._origin += drop
        return self._meter.measure_frames(levels, 1 / PHONE_RATE_HZ)


def frame_levels_dbfs(pcm: Pcm, sample_rate_hz: int, origin: int, first: int, count: int) -> F32:
    """RMS level [count] in dBFS of frames first … first + count; pcm[0] is sample `origin` of the turn.

    Windows that reach outside the sound are filled with silence. At least SILENCE_DBFS.
    """
    squares = np.concatenate([[0.0], np.cumsum((pcm.astype(np.float64) / FULL_SCALE) ** 2)])
    centres = (first + np.arange(count)) / PHONE_RATE_HZ * sample_rate_hz - origin
    low = np.clip(np.round(centres - _WINDOW_BEFORE_S * sample_rate_hz).astype(int), 0, len(pcm))
    high = np.clip(np.round(centres + _WINDOW_AFTER_S * sample_rate_hz).astype(int), 0, len(pcm))
    width = (_WINDOW_BEFORE_S + _WINDOW_AFTER_S) * sample_rate_hz
    return powers_dbfs((squares[high] - squares[low]) / width).astype(np.float32)
