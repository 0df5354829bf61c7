"""Levels of sound. Full scale is 32768 for int16 and 1 for floats; dBFS are of power, so a full sine has -3 dBFS."""

from __future__ import annotations

from math import log10

import numpy as np
from numpy.typing import NDArray

from .arrays import F64, Pcm

FULL_SCALE = 32768.0
#: A sample above this is heard.
AUDIBLE_DBFS = -50.0
#: Of digital silence, and of no sound at all; nothing measures lower.
SILENCE_DBFS = -100.0
_SILENT_POWER = 10 ** (SILENCE_DBFS / 10)


def gain_from_db(db: float) -> float:
    """Factor of an amplitude."""
    return float(10 ** (db / 20))


def peak(pcm: Pcm) -> int:
    """Largest magnitude, 0-32768; 0 where there are no samples."""
    return int(np.abs(pcm.astype(np.int32)).max(initial=0))


def is_audible(pcm: Pcm) -> bool:
    """Whether any sample is above AUDIBLE_DBFS."""
    return peak(pcm) > FULL_SCALE * gain_from_db(AUDIBLE_DBFS)


def loud_samples(pcm: Pcm, dbfs: float = AUDIBLE_DBFS) -> NDArray[np.intp]:
    """Indices of the samples above `dbfs`."""
    return np.flatnonzero(np.abs(pcm.astype(np.int32)) > FULL_SCALE * gain_from_db(dbfs))


def mean_power(sound: NDArray[np.generic]) -> float:
    """Mean square of samples in steps of int16, full scale 1; 0 where there are none."""
    wide = np.asarray(sound, np.float64)
    return float(wide @ wide) / (len(wide) * FULL_SCALE**2) if len(wide) else 0.0


def power_dbfs(power: float) -> float:
    """DBFS of a mean square of full scale 1; at least SILENCE_DBFS."""
    return 10.0 * log10(max(power, _SILENT_POWER))


def powers_dbfs(powers: NDArray[np.floating]) -> F64:
    """As power_dbfs, for each of many."""
    return np.asarray(10.0 * np.log10(np.maximum(powers, _SILENT_POWER)), np.float64)


def level_dbfs(sound: NDArray[np.generic]) -> float:
    """RMS level of samples in steps of int16, dBFS; at least SILENCE_DBFS."""
    return power_dbfs(mean_power(sound))


def pcm_from_unit(sound: NDArray[np.floating]) -> Pcm:
    """int16 of sound whose full scale is 1; what is louder is clipped."""
    return np.clip(np.round(sound * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
