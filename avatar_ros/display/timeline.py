"""Where a piece of sound belongs in a recording. Pure: sample counts and times only."""

from __future__ import annotations

import numpy as np

from ..core.arrays import Pcm
from ..core.levels import FULL_SCALE, gain_from_db, peak

HARD_ERROR_S = 0.020  # beyond this the sound is moved at once, heard or not
SOFT_ERROR_S = 0.004  # beyond this it is moved where that is inaudible
QUIET_DBFS = -60.0  # of its largest sample
SMOOTHING = 0.1
MAX_SILENCE_S = 3600.0


class AudioTimeline:
    """Turns pieces with times into one gapless stream.

    Pieces are joined by counting samples, so that jitter of their times makes no clicks. Where the count and the times
    part by more than HARD_ERROR_S (sound was lost, or not played), silence is put in or sound is left out; smaller
    lasting errors (a sound card's clock that drifts) are mended the same way while the sound is quiet.
    """

    def __init__(self, rate_hz: int, start_ns: int, start_sample: int = 0) -> None:
        """start_ns: the steady time of the recording's zero; sound before sample `start_sample` is left out."""
        self._rate_hz = rate_hz
        self._start_ns = start_ns
        self._drift = 0.0
        self._locked = False  # whether the last sample kept stands at its exact place, give or take jitter
        self.end_sample = start_sample  # samples of the recording that are filled
        self.realigned = 0

    def place(self, steady_ns: int, pcm: Pcm) -> Pcm:
        """The samples to append for a piece [n] int16 whose first sample was at the speaker at `steady_ns`."""
        due = round((steady_ns - self._start_ns) * 1e-9 * self._rate_hz)
        error = due - self.end_sample
        self._drift += SMOOTHING * (error - self._drift)
        if self._locked and abs(error) > HARD_ERROR_S * self._rate_hz:
            self.realigned += 1
            self._locked = False
        if not self._locked:
            pcm = self._moved(error, pcm)
            self._locked = len(pcm) > 0
        elif abs(self._drift) > SOFT_ERROR_S * self._rate_hz and _is_quiet(pcm):
            self.realigned += 1
            pcm = self._moved(round(self._drift), pcm)
        self.end_sample += len(pcm)
        return pcm

    def _moved(self, error: int, pcm: Pcm) -> Pcm:
        """With silence before it, or shorter: the first piece to its exact place, later ones as `place` decides."""
        self._drift = 0.0
        if error < 0:
            return pcm[-error:]
        silence = min(error, int(MAX_SILENCE_S * self._rate_hz))
        return np.concatenate([np.zeros(silence, np.int16), pcm])


def _is_quiet(pcm: Pcm) -> bool:
    return peak(pcm) < FULL_SCALE * gain_from_db(QUIET_DBFS)
