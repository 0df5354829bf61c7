"""A linear model of the room that learns while it listens: partitioned-block frequency-domain Kalman filter.

After G. Enzner, P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones",
Signal Processing 86 (2006), and F. Kuech, E. Mabande, G. Enzner, "State-space architecture of the partitioned-block-
based acoustic echo controller", ICASSP 2014. It only subtracts, so a person who speaks at the same time stays whole;
and it hardly learns while somebody does, since what it cannot explain counts as noise of the observation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64

C128 = NDArray[np.complex128]

#: Forgetting factor of the room: it changes slowly.
_KEEP = 0.9995
#: Uncertainty of the model at the start, power gain of the echo path: 0 dB for sound that comes at once, and less for
#: what comes later, as rooms die away, so that a long model learns as fast as a short one.
_FADING_DB_PER_S, _LEAST_DB = 30.0, -15.0
#: What is no echo counts as loud until it has been heard: the first steps would go too far.
_FIRST_NEAR = 1e-2
_SMOOTH = 0.6
_FLOOR = 1e-8


class LinearEcho:
    """block: samples of a step; length_s: echoes up to this long are modelled."""

    def __init__(self, block: int, rate_hz: int, length_s: float = 1.4) -> None:
        self._block = block
        parts = max(1, round(length_s * rate_hz / block))
        bins = block + 1
        self._sound: F64 = np.zeros(2 * block)
        self._spectra: C128 = np.zeros((parts, bins), complex)  # of the reference, newest first
        self._weights: C128 = np.zeros((parts, bins), complex)
        first_db = np.maximum(-_FADING_DB_PER_S * block / rate_hz * np.arange(parts), _LEAST_DB)
        self._unsure: F64 = np.tile(10 ** (first_db[:, None] / 10), bins)
        self._near: F64 = np.full(bins, _FIRST_NEAR)  # power of what is no echo

    def step(self, reference: F64, heard: F64) -> F64:
        """[block] of reference and microphone, full scale 1 -> the microphone without the echo that was modelled."""
        block = self._block
        self._sound = np.concatenate([self._sound[block:], reference])
        self._spectra = np.roll(self._spectra, 1, axis=0)
        self._spectra[0] = np.fft.rfft(self._sound)
        echo = np.fft.irfft(np.sum(self._spectra * self._weights, axis=0))[block:]
        rest = heard - echo
        if np.any(reference):
            self._learn(rest)
        return rest

    def _learn(self, rest: F64) -> None:
        block = self._block
        error = np.fft.rfft(np.concatenate([np.zeros(block), rest]))
        power = np.abs(self._spectra) ** 2
        self._near = _SMOOTH * self._near + (1 - _SMOOTH) * np.abs(error) ** 2
        explained = 0.5 * np.sum(power * self._unsure, axis=0)
        gain = self._unsure / (explained + self._near + _FLOOR)
        change = np.fft.irfft(gain * self._spectra.conj() * error, axis=1)
        change[:, block:] = 0.0  # a partition is as long as a block: the rest is an artefact of the circle
        self._weights += np.fft.rfft(change, axis=1)
        self._unsure *= np.clip(1.0 - 0.5 * gain * power, 0.0, 1.0) * _KEEP**2
        self._unsure += (1.0 - _KEEP**2) * np.abs(self._weights) ** 2
