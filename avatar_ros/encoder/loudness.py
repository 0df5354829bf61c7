"""How loud the voice is, frame by frame, relative to how loud this voice usually is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.phones import PHONE_RATE_HZ, USUAL_LOUDNESS

F32 = NDArray[np.float32]

RANGE_DB = 50.0
#: Level that a voice is taken to have until it has spoken: RMS of stressed vowels, dB below full scale.
FIRST_LEVEL_DB = -20.0
_LOWEST_LEVEL_DB = -45.0
#: The usual level follows louder frames within this time, softer ones more slowly.
_RISE_S, _FALL_S = 0.15, 4.0
#: Frames this far below the usual level are pauses and say nothing about it.
_PAUSE_DB = 15.0
WINDOW_BEFORE_S, WINDOW_AFTER_S = 0.015, 0.005


class LoudnessMeter:
    """Streaming: levels in, loudness 0–1 out (50 dB from 0 to 1, the usual level at USUAL_LOUDNESS)."""

    def __init__(self) -> None:
        self._usual_db = FIRST_LEVEL_DB

    def measure(self, level_db: NDArray[np.floating]) -> F32:
        """Loudness [T] of frames with RMS levels [T] in dBFS."""
        out = np.empty(len(level_db), np.float32)
        for i, level in enumerate(level_db.tolist()):
            self._follow(level)
            out[i] = USUAL_LOUDNESS + (level - self._usual_db) / RANGE_DB
        return np.clip(out, 0.0, 1.0)

    def _follow(self, level_db: float) -> None:
        difference = level_db - self._usual_db
        if difference > 0:
            self._usual_db += difference / (_RISE_S * PHONE_RATE_HZ)
        elif difference > -_PAUSE_DB or level_db > FIRST_LEVEL_DB - 2 * _PAUSE_DB:
            self._usual_db += difference / (_FALL_S * PHONE_RATE_HZ)
        self._usual_db = max(self._usual_db, _LOWEST_LEVEL_DB)


def frame_levels_db(pcm: NDArray[np.int16], sample_rate_hz: int, origin: int, first: int, count: int) -> F32:
    """RMS level [count] in dBFS of frames first … first + count; pcm[0] is sample `origin` of the turn.

    Windows that reach outside the sound are filled with silence. Never below -100 dBFS.
    """
    squares = np.concatenate([[0.0], np.cumsum((pcm.astype(np.float64) / 32767.0) ** 2)])
    centres = (first + np.arange(count)) / PHONE_RATE_HZ * sample_rate_hz - origin
    low = np.clip(np.round(centres - WINDOW_BEFORE_S * sample_rate_hz).astype(int), 0, len(pcm))
    high = np.clip(np.round(centres + WINDOW_AFTER_S * sample_rate_hz).astype(int), 0, len(pcm))
    width = (WINDOW_BEFORE_S + WINDOW_AFTER_S) * sample_rate_hz
    return (10 * np.log10(np.maximum((squares[high] - squares[low]) / width, 1e-10))).astype(np.float32)
