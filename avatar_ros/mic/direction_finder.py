"""Where a voice comes from: GCC-PHAT of each pair of microphones, summed over where each direction would have it.

C. H. Knapp, G. C. Carter: The generalized correlation method for estimation of time delay (1976); J. H. DiBiase: A
high-accuracy, low-latency technique for talker localization (2000), SRP-PHAT. Bins count by how far they stand out of
the noise, and less where the room still rings with what came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64
from ..core.rates import LISTENING_RATE_HZ

SOUND_M_PER_S = 343.0
#: Window and step in samples (64 and 20 ms), and the bins that count, Hz.
WINDOW, STEP = 1024, 320
LOW_HZ, HIGH_HZ = 200.0, 6000.0
#: Directions that are tried: azimuth's grid, and, where it can be told apart, how high the mouth is, degrees.
GRID_DEG, HEIGHTS_DEG = 5, (0.0, 30.0, 55.0)
#: What was heard counts less after so long, s.
_MEMORY_S = 0.3
#: Noise: its estimate climbs at most so fast; a bin counts from so many times its power on.
_FLOOR_CLIMB_DB_PER_S, _OVER_FLOOR = 3.0, 4.0
#: A room's ringing dies away by 60 dB in about this time, s.
_RINGING_S = 0.4
#: Correlations are interpolated to so many times the sample rate.
_FINER = 4
#: Mean weight of bins from which on a step holds a voice; how many such steps make an estimate.
_VOICED, _LEAST_VOICED = 0.05, 8
#: Estimates whose scatter is the spread.
_SCATTER = 6


class DirectionEstimate(NamedTuple):
    """azimuth_rad: 0 to the front (x), anticlockwise seen from above; spread_rad: scatter of the last estimates;
    sureness: 0-1, how well all pairs agree.
    """

    azimuth_rad: float
    spread_rad: float
    sureness: float


@dataclass(frozen=True)
class SteeringGrid:
    """azimuths: [directions] rad; delays: [heights, directions, pairs] s, by which the pair's first hears it later."""

    azimuths: F64
    delays: F64
    first: NDArray[np.intp]
    second: NDArray[np.intp]


def steering_grid(positions: F64, linear: bool) -> SteeringGrid:
    """All directions of an array of microphones at `positions` [n, 3], metres."""
    degrees = np.arange(-90, 91, GRID_DEG) if linear else np.arange(-180, 180, GRID_DEG)
    azimuths = np.radians(degrees.astype(float))
    heights = np.radians(np.array(HEIGHTS_DEG[:1] if linear else HEIGHTS_DEG))[:, None]
    across = np.cos(heights)
    up = np.broadcast_to(np.sin(heights), (len(heights), len(azimuths)))
    towards = np.stack([across * np.cos(azimuths), across * np.sin(azimuths), up], axis=-1)
    arrival_s = -(towards @ positions.T) / SOUND_M_PER_S
    first, second = np.triu_indices(len(positions), 1)
    return SteeringGrid(azimuths, arrival_s[..., first] - arrival_s[..., second], first, second)


class DirectionFinder:
    """Told the sound of all microphones, says where the voice is."""

    def __init__(self, positions: F64, *, linear: bool) -> None:
        self._grid = steering_grid(positions, linear)
        self._linear = linear
        frequencies = np.fft.rfftfreq(WINDOW, 1 / LISTENING_RATE_HZ)
        self._band = np.flatnonzero((frequencies >= LOW_HZ) & (frequencies <= HIGH_HZ))
        self._window = np.hanning(WINDOW)[:, None]
        at = self._grid.delays * LISTENING_RATE_HZ * _FINER
        self._lag = np.floor(at).astype(int)
        self._part = at - self._lag
        self._pair = np.arange(len(self._grid.first))
        self._heard = np.zeros((WINDOW, len(positions)))
        self._waiting = np.zeros((0, len(positions)))
        self._noise: F64 | None = None
        self._ringing = np.zeros(len(self._band))
        self.forget()

    def forget(self) -> None:
        """Who speaks next may stand elsewhere."""
        self._cross = np.zeros((len(self._grid.first), len(self._band)), complex)
        self._weight = 0.0
        self._voiced = 0
        self._last: list[float] = []

    def push(self, pcm: NDArray[np.int16]) -> bool:
        """Take [n, microphones] at LISTENING_RATE_HZ; whether there was a voice in it."""
        voiced = False
        self._waiting = np.concatenate([self._waiting, pcm])
        while len(self._waiting) >= STEP:
            self._heard = np.concatenate([self._heard[STEP:], self._waiting[:STEP]])
            self._waiting = self._waiting[STEP:]
            voiced |= self._step()
        return voiced

    def estimate(self) -> DirectionEstimate | None:
        """Where the voice is; None before enough of it was heard."""
        if self._voiced < _LEAST_VOICED:
            return None
        scores = steered_power(self._cross, self._band, (self._lag, self._part), self._pair).max(axis=0)
        best = int(scores.argmax())
        azimuth = float(self._grid.azimuths[best] + self._between(scores, best) * np.radians(GRID_DEG))
        self._last = [*self._last, azimuth][-_SCATTER:]
        together = float(np.abs(np.exp(1j * np.array(self._last)).mean()))
        spread = sqrt(-2 * log(max(min(together, 1.0), 1e-6)))  # the circular standard deviation
        sureness = float(scores[best]) / max(self._weight * len(self._pair), 1e-9)
        return DirectionEstimate(float(np.angle(np.exp(1j * azimuth))), spread, float(np.clip(sureness, 0.0, 1.0)))

    def _step(self) -> bool:
        spectra = np.fft.rfft(self._heard * self._window, axis=0)[self._band].T
        weights = self._weights((np.abs(spectra) ** 2).mean(axis=0))
        if weights.mean() < _VOICED:
            return False
        cross = spectra[self._grid.first] * np.conj(spectra[self._grid.second])
        cross *= weights / np.maximum(np.abs(cross), 1e-9)
        kept = float(np.exp(-STEP / LISTENING_RATE_HZ / _MEMORY_S))
        self._cross = kept * self._cross + cross
        self._weight = kept * self._weight + float(weights.sum())
        self._voiced += 1
        return True

    def _weights(self, power: F64) -> F64:
        """[bins] 0-1: how much of each is a voice that comes straight from a mouth."""
        step_s = STEP / LISTENING_RATE_HZ
        if self._noise is None:
            self._noise = power + 1.0
        climbed = self._noise * 10 ** (_FLOOR_CLIMB_DB_PER_S / 10 * step_s)
        self._noise = np.where(power < self._noise, 0.7 * self._noise + 0.3 * power, climbed) + 1e-3
        weights = np.clip(1 - _OVER_FLOOR * self._noise / np.maximum(power, 1e-9), 0, 1)
        weights *= np.clip(1 - self._ringing / np.maximum(power, 1e-9), 0, 1)
        self._ringing = np.maximum(self._ringing * 10 ** (-6 * step_s / _RINGING_S), power)
        return np.asarray(weights, np.float64)

    def _between(self, scores: F64, best: int) -> float:
        """Where between its neighbours the peak is, in steps of the grid: a parabola's."""
        if self._linear and best in (0, len(scores) - 1):
            return 0.0
        left, top, right = scores[best - 1], scores[best], scores[(best + 1) % len(scores)]
        bend = left - 2 * top + right
        return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def steered_power(
    cross: NDArray[np.complex128],
    band: NDArray[np.intp],
    delays: tuple[NDArray[np.intp], F64],
    pair: NDArray[np.intp],
) -> F64:
    """[heights, directions]: the pairs' correlations [pairs, bins], summed at each direction's delays.

    delays: whole and fractional part, in samples of the finer rate. direction_reference.py is the same, slowly.
    """
    size = WINDOW * _FINER
    spectrum = np.zeros((len(cross), size // 2 + 1), complex)
    spectrum[:, band] = cross
    correlation = np.fft.irfft(spectrum, size, axis=1) * (size / 2)
    lag, part = delays
    at, after = correlation[pair, lag % size], correlation[pair, (lag + 1) % size]
    return np.asarray((at + part * (after - at)).sum(axis=-1), np.float64)
