"""How loud a voice is against its own usual level: what mouth, head and brows keep time with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from .phones import USUAL_LOUDNESS

#: From loudness 0 to 1.
RANGE_DB = 50.0
#: RMS level of stressed vowels that a voice is taken to have until it has spoken, and the least of all, dBFS.
FIRST_LEVEL_DBFS, _LEAST_DBFS = -20.0, -45.0
#: The usual level follows louder sound within this time, softer sound more slowly.
_RISE_S, _FALL_S = 0.15, 4.0
#: Sound this far below the usual level, and softer than any voice, is a pause and says nothing about it.
_PAUSE_DB, _VOICE_DBFS = 15.0, -50.0


class LoudnessMeter:
    """Streaming: levels in, loudness 0-1 out; the usual level has USUAL_LOUDNESS."""

    def __init__(self) -> None:
        self._usual_dbfs = FIRST_LEVEL_DBFS

    def measure(self, dbfs: float, seconds: float) -> float:
        """Loudness of the next `seconds` of sound, whose RMS level is `dbfs`."""
        difference = dbfs - self._usual_dbfs
        if difference > 0:
            self._usual_dbfs += difference * min(1.0, seconds / _RISE_S)
        elif difference > -_PAUSE_DB or dbfs > _VOICE_DBFS:
            self._usual_dbfs = max(_LEAST_DBFS, self._usual_dbfs + difference * min(1.0, seconds / _FALL_S))
        return min(1.0, max(0.0, USUAL_LOUDNESS + (dbfs - self._usual_dbfs) / RANGE_DB))

    def measure_frames(self, dbfs: NDArray[np.floating], frame_s: float) -> F32:
        """As `measure`, for frames [n] of equal length."""
        return np.array([self.measure(level, frame_s) for level in dbfs.tolist()], np.float32)
