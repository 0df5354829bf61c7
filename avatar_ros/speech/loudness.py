"""How loud a voice is: 0 silence, USUAL_LOUDNESS its usual level in a stressed vowel, 50 dB from 0 to 1."""

from __future__ import annotations

import numpy as np

from ..core.arrays import F32, Pcm
from .phones import PHONE_RATE_HZ, USUAL_LOUDNESS

_RANGE_DB = 50.0
#: RMS level that a voice is taken to have until it has spoken, and the least that it is taken to have, dBFS.
_FIRST_LEVEL_DB, _LOWEST_LEVEL_DB = -20.0, -45.0
#: The usual level follows louder sound within this time, softer sound more slowly, and pauses (this much softer, and
#: softer than any voice, dBFS) not at all.
_RISE_S, _FALL_S, _PAUSE_DB, _VOICE_DB = 0.15, 4.0, 15.0, -50.0
_WINDOW_BEFORE_S, _WINDOW_AFTER_S = 0.015, 0.005
#: Sound before the next frame that is kept for its window, s.
_KEPT_S = 0.05


class LoudnessMeter:
    """RMS levels in, loudness 0–1 out; remembers how loud the voice usually is."""

    def __init__(self) -> None:
        self._usual_db = _FIRST_LEVEL_DB

    def measure(self, level_db: float, length_s: float) -> float:
        """Loudness of the next `length_s` of sound, whose level is `level_db` (dBFS)."""
        difference = level_db - self._usual_db
        if difference > 0:
            self._usual_db += difference * min(1.0, length_s / _RISE_S)
        elif difference > -_PAUSE_DB or level_db > _VOICE_DB:
            self._usual_db = max(_LOWEST_LEVEL_DB, self._usual_db + difference * min(1.0, length_s / _FALL_S))
        return min(1.0, max(0.0, USUAL_LOUDNESS + (level_db - self._usual_db) / _RANGE_DB))


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
        levels = frame_levels_db(self._pcm, self._rate_hz, self._origin, self.next_frame, count)
        self.next_frame += count
        drop = max(0, round((self.next_frame / PHONE_RATE_HZ - _KEPT_S) * self._rate_hz) - self._origin)
        self._pcm = self._pcm[drop:]
        self._origin += drop
        return np.array([self._meter.measure(level, 1 / PHONE_RATE_HZ) for level in levels.tolist()], np.float32)


def frame_levels_db(pcm: Pcm, sample_rate_hz: int, origin: int, first: int, count: int) -> F32:
    """RMS level [count] in dBFS of frames first … first + count; pcm[0] is sample `origin` of the turn.

    Windows that reach outside the sound are filled with silence. Never below -100 dBFS.
    """
    squares = np.concatenate([[0.0], np.cumsum((pcm.astype(np.float64) / 32767.0) ** 2)])
    centres = (first + np.arange(count)) / PHONE_RATE_HZ * sample_rate_hz - origin
    low = np.clip(np.round(centres - _WINDOW_BEFORE_S * sample_rate_hz).astype(int), 0, len(pcm))
    high = np.clip(np.round(centres + _WINDOW_AFTER_S * sample_rate_hz).astype(int), 0, len(pcm))
    width = (_WINDOW_BEFORE_S + _WINDOW_AFTER_S) * sample_rate_hz
    power = np.maximum((squares[high] - squares[low]) / width, 1e-10)
    return np.asarray(10 * np.log10(power), np.float32)
