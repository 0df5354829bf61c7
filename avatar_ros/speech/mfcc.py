"""Sound to the cepstra that PocketSphinx's acoustic models were trained with, streaming.

16 kHz samples -> pre-emphasis, Hamming windows, power spectrum, 25 mel bands, suppression of stationary noise (minimum
tracking after Doblinger 1995, temporal masking after Kim & Stern's PNCC), log, DCT, lifter: 13 cepstra a frame.
Equal to PocketSphinx's own front end for the same model (model/en-us/feat.params); a test compares them. Only where a
recording is reverberant is the reverberation taken out first (dereverberation.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, F64
from ..core.rates import LISTENING_RATE_HZ
from .dereverberation import Dereverberator, Room
from .mel_filterbank import FFT, WindowStream, mel_corners_hz, triangles

WINDOW, BANDS, CEPSTRA = 410, 25, 13
LOW_HZ, HIGH_HZ = 130.0, 6800.0
PRE_EMPHASIS, LIFTER = 0.97, 22
#: Frame i is about the sound around this instant.
CENTRE_S = WINDOW / 2 / LISTENING_RATE_HZ

#: Cepstral mean of ordinary speech, until the voice is known; how many frames it counts as, and at most the voice does.
_FIRST_MEAN = (41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17)
_FIRST_MEAN_FRAMES, _VOICE_FRAMES = 80.0, 300.0
#: Frames this much softer than the loudest (first cepstrum) are pauses and say nothing about the voice.
_QUIET_C0 = 15.0

_POWER_KEPT, _FLOOR_RISE, _FLOOR_FALL = 0.7, 0.995, 0.5
_MASK_KEPT, _MASK_DEPTH, _MAX_GAIN, _SMOOTH_BANDS = 0.85, 0.2, 20.0, 4


def mel_filters() -> F64:
    """Triangles of unit area [FFT // 2 + 1, BANDS], corners on whole bins."""
    step_hz = LISTENING_RATE_HZ / FFT
    corners = np.floor(mel_corners_hz(LOW_HZ, HIGH_HZ, BANDS) / step_hz + 0.5) * step_hz
    return triangles(corners) * 2.0 / (corners[2:] - corners[:-2])


def _dct() -> F64:
    """Orthonormal DCT-II with the lifter [BANDS, CEPSTRA]."""
    k, n = np.arange(CEPSTRA), np.arange(BANDS)[:, None]
    out = np.cos(np.pi * k * (n + 0.5) / BANDS) * np.sqrt(2.0 / BANDS)
    out[:, 0] *= np.sqrt(0.5)
    lifted: F64 = out * (1 + LIFTER / 2 * np.sin(np.pi * k / LIFTER))
    return lifted


_FILTERS, _DCT = mel_filters(), _dct()
_HAMMING = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))


class Cepstra:
    """Streaming: 16 kHz samples in, frames [T, 13] out; frame i is ready 410 samples after sample 160 · i.

    room: what is known of the voice's room, and learnt here.
    """

    def __init__(self, room: Room | None = None) -> None:
        self._windows = WindowStream(WINDOW, np.float64)
        self._before = 0.0
        self._noise = NoiseSuppressor()
        self._reverberation = Dereverberator(BANDS, room or Room())

    def push(self, pcm: NDArray[np.int16] | F64) -> F32:
        """Take samples (int16 scale); the frames [T, CEPSTRA] that they complete."""
        fresh = np.asarray(pcm, np.float64)
        if len(fresh):
            emphasised = fresh - PRE_EMPHASIS * np.concatenate([[self._before], fresh[:-1]])
            self._before = float(fresh[-1])
            fresh = emphasised
        return self._cepstra(self._windows.push(fresh))

    def _cepstra(self, frames: F64) -> F32:
        power = np.abs(np.fft.rfft(frames * _HAMMING, FFT, axis=1)) ** 2
        bands = np.empty((len(frames), BANDS))
        for i, frame in enumerate(power @ _FILTERS):
            bands[i] = self._noise.clean(self._reverberation.clean(frame))
        return (np.log(bands + 1e-4) @ _DCT).astype(np.float32)


class NoiseSuppressor:
    """Mel bands in, mel bands with the stationary noise taken out."""

    def __init__(self) -> None:
        self._power: F64 | None = None
        index = np.arange(BANDS)
        near = np.abs(index[:, None] - index) <= _SMOOTH_BANDS
        self._spread = near / near.sum(axis=0)

    def clean(self, frame: F64) -> F64:
        """One frame [BANDS] without the noise that is remembered of those before."""
        return np.asarray(frame * (self._gain(frame) @ self._spread))

    def _gain(self, frame: F64) -> F64:
        if self._power is None:
            self._power = frame
            self._floor, self._signal_floor = frame / _MAX_GAIN, frame / _MAX_GAIN
            self._peak = np.zeros(BANDS)
        self._power = _POWER_KEPT * self._power + (1 - _POWER_KEPT) * frame
        self._floor = _lower_envelope(self._floor, self._power)
        signal = np.maximum(self._power - self._floor, 1.0)
        self._signal_floor = _lower_envelope(self._signal_floor, signal)
        signal = np.maximum(self._mask(signal), self._signal_floor)
        return np.clip(signal / np.maximum(self._power, 1e-10), 1 / _MAX_GAIN, _MAX_GAIN)

    def _mask(self, signal: F64) -> F64:
        decayed = self._peak * _MASK_KEPT
        self._peak = np.maximum(decayed, signal)
        return np.where(signal < _MASK_KEPT * decayed, decayed * _MASK_DEPTH, signal)


def _lower_envelope(envelope: F64, value: F64) -> F64:
    kept = np.where(value >= envelope, _FLOOR_RISE, _FLOOR_FALL)
    return kept * envelope + (1 - kept) * value


class CepstralMean:
    """Running mean of a voice's cepstra; subtracted, it takes the voice's colour and the room's out of the sound."""

    def __init__(self) -> None:
        self._weight = _FIRST_MEAN_FRAMES
        self._mean = np.array(_FIRST_MEAN)
        self._loudest = -np.inf

    def update(self, cepstra: F32) -> F32:
        """Take frames [T, CEPSTRA] into account; the mean [CEPSTRA] to subtract from them."""
        if len(cepstra):
            self._loudest = max(self._loudest - 0.02 * len(cepstra), float(cepstra[:, 0].max()))
        voiced = cepstra[cepstra[:, 0] > self._loudest - _QUIET_C0]
        if len(voiced):
            weight = min(self._weight, _VOICE_FRAMES)
            self._mean = (self._mean * weight + voiced.sum(axis=0)) / (weight + len(voiced))
            self._weight = weight + len(voiced)
        return self._mean.astype(np.float32)


def with_deltas(cepstra: F32) -> F32:
    """[T + 6, 13] with three frames of context on each side -> [T, 39]: cepstra, slopes over ±2, curvature over ±3."""
    c = cepstra
    count = len(c) - 6
    here = c[3 : 3 + count]
    slope = c[5 : 5 + count] - c[1 : 1 + count]
    curve = (c[6 : 6 + count] - c[2 : 2 + count]) - (c[4 : 4 + count] - c[:count])
    return np.concatenate([here, slope, curve], axis=1)
