"""Sound to the cepstra that PocketSphinx's acoustic models were trained with, streaming.

16 kHz samples -> pre-emphasis, Hamming windows, power spectrum, 25 mel bands, suppression of stationary noise (minimum
tracking after Doblinger 1995, temporal masking after Kim & Stern's PNCC), log, DCT, lifter: 13 cepstra a frame.
Equal to PocketSphinx's own front end for the same model (model/en-us/feat.params); a test compares them. Only where a
room is heard is its echo taken out first (room.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, F64
from ..core.rates import LISTENING_RATE_HZ
from .dereverberation import Dereverberator, Room

SHIFT, WINDOW, FFT = 160, 410, 512
BANDS, CEPSTRA = 25, 13
LOW_HZ, HIGH_HZ = 130.0, 6800.0
PRE_EMPHASIS, LIFTER = 0.97, 22
#: Frame i is about the sound around this instant.
CENTRE_S = WINDOW / 2 / LISTENING_RATE_HZ

_POWER_KEPT, _FLOOR_RISE, _FLOOR_FALL = 0.7, 0.995, 0.5
_MASK_KEPT, _MASK_DEPTH, _MAX_GAIN, _SMOOTH_BANDS = 0.85, 0.2, 20.0, 4


def mel_filters() -> F64:
    """Triangles of unit area [FFT // 2 + 1, BANDS], corners on whole bins."""

    def mel(hz: F64 | float) -> F64:
        return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)

    step_hz = LISTENING_RATE_HZ / FFT
    corners = 700.0 * (10.0 ** (np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2) / 2595.0) - 1.0)
    corners = np.floor(corners / step_hz + 0.5) * step_hz
    bins_hz = np.arange(FFT // 2 + 1)[:, None] * step_hz
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    rise, fall = (bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre)
    return np.maximum(0.0, np.minimum(rise, fall)) * 2.0 / (right - left)


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
        self._samples: F64 = np.zeros(0)
        self._before = 0.0
        self._noise = NoiseSuppressor()
        self._echo = Dereverberator(BANDS, room or Room())

    def push(self, pcm: NDArray[np.int16] | F64) -> F32:
        """Take samples (int16 scale); the frames [T, CEPSTRA] that they complete."""
        fresh = np.asarray(pcm, np.float64)
        if len(fresh):
            emphasised = fresh - PRE_EMPHASIS * np.concatenate([[self._before], fresh[:-1]])
            self._before = float(fresh[-1])
            self._samples = np.concatenate([self._samples, emphasised])
        count = max(0, (len(self._samples) - WINDOW) // SHIFT + 1)
        starts = SHIFT * np.arange(count)[:, None]
        frames = self._samples[starts + np.arange(WINDOW)] if count else np.zeros((0, WINDOW))
        self._samples = self._samples[count * SHIFT :]
        return self._cepstra(frames)

    def _cepstra(self, frames: F64) -> F32:
        power = np.abs(np.fft.rfft(frames * _HAMMING, FFT, axis=1)) ** 2
        bands = np.empty((len(frames), BANDS))
        for i, frame in enumerate(power @ _FILTERS):
            bands[i] = self._noise.clean(self._echo.clean(frame))
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


def with_deltas(cepstra: F32) -> F32:
    """[T + 6, 13] with three frames of context on each side -> [T, 39]: cepstra, slopes over ±2, curvature over ±3."""
    c = cepstra
    count = len(c) - 6
    here = c[3 : 3 + count]
    slope = c[5 : 5 + count] - c[1 : 1 + count]
    curve = (c[6 : 6 + count] - c[2 : 2 + count]) - (c[4 : 4 + count] - c[:count])
    return np.concatenate([here, slope, curve], axis=1)
