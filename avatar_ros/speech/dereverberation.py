"""The room that a voice was recorded in: how reverberant it is, and the sound without its late reflections.

Late reflections decay exponentially (Lebart et al. 2001, "A new method based on spectral subtraction for speech
dereverberation"): what is left of the sound of 50 ms ago and before is predicted, band by band, and subtracted. In a
dry recording that would cut into the speech, so the prediction counts by how reverberant the recording is: dry speech
falls far below it whenever a sound stops, a room's does not. No pause is needed, and none is learnt from.
"""

from __future__ import annotations

import numpy as np

from ..core.arrays import F64

#: Frames of 10 ms until a reflection is a late one, and what a frame keeps: 60 dB in 0.62 s.
_LATE_FRAMES, _KEPT = 5, 0.8
#: Never below this share of the power.
_FLOOR = 0.05
#: The depth of the gaps is this quantile of power over predicted reverberation, where that is well above the noise.
_QUANTILE, _ABOVE_NOISE = 0.05, 30.0
#: The noise is the least power so far, forgotten by 2 dB a second.
_NOISE_RISE = 1.005
#: Depth of a voice without a room (recorded people: 0.000 to 0.013), and of one that is all room (0.04 to 0.06).
_DRY, _WET = 0.015, 0.035
_FIRST_DEPTH, _SHALLOWEST, _DEEPEST = 0.01, 0.2, 0.002
#: Steps of the quantile's logarithm for each band and frame: the first ones, and after how many they get smaller, until
#: the last ones. A room does not change while somebody speaks in it.
_FIRST_STEP, _LAST_STEP, _LEARNT_FRAMES = 0.03, 0.004, 80


class Room:
    """An estimate of how reverberant the room is; one voice's sentences share it."""

    def __init__(self) -> None:
        self._log_depth = float(np.log(_FIRST_DEPTH))
        self._frames = 0

    @property
    def reverberation(self) -> float:
        """Share of the predicted reverberation that is there: 0 a dry voice, 1 a room."""
        return float(np.clip((np.exp(self._log_depth) - _DRY) / (_WET - _DRY), 0.0, 1.0))

    def observe(self, ratios: F64) -> None:
        """Power over predicted reverberation, of some bands: a step of the quantile (Robbins & Monro 1951)."""
        if len(ratios):
            self._frames += 1
            step = max(_LAST_STEP, _FIRST_STEP * min(1.0, _LEARNT_FRAMES / self._frames))
            below = np.count_nonzero(ratios < np.exp(self._log_depth))
            depth = self._log_depth + step * (_QUANTILE * len(ratios) - below)
            self._log_depth = float(np.clip(depth, np.log(_DEEPEST), np.log(_SHALLOWEST)))


class Dereverberator:
    """Power in mel bands, frame by frame, less the late reflections of the frames before."""

    def __init__(self, bands: int, room: Room) -> None:
        self._room = room
        self._late: F64 = np.zeros(bands)
        self._noise: F64 = np.full(bands, np.inf)
        self._recent: list[F64] = []

    def clean(self, frame: F64) -> F64:
        """One frame [bands] without reverberation."""
        self._noise = np.minimum(frame, _NOISE_RISE * self._noise)
        if len(self._recent) == _LATE_FRAMES:
            self._late = _KEPT * self._late + (1 - _KEPT) * self._recent.pop(0)
        self._recent.append(frame)
        clear = self._late > _ABOVE_NOISE * self._noise
        self._room.observe(frame[clear] / self._late[clear])
        share = self._room.reverberation
        return np.maximum(frame - share * self._late, _FLOOR * frame) if share > 0 else frame
