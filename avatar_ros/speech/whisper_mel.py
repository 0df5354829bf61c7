"""Log mels as Whisper's feature extractor makes them (Radford et al. 2022); Smart Turn takes the same.

Sound at 16 kHz -> 25 ms Hann windows every 10 ms, centred, mirrored at both ends -> power spectrum -> triangles of
equal area on Slaney's mel scale (linear to 1 kHz, logarithmic above) -> log10, at most 8 below the greatest ->
(x + 4) / 4. Compared with a slow reference in test/unit/speech/test_whisper_mel.py.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..core.arrays import F32, F64, Pcm
from ..core.levels import FULL_SCALE
from ..core.rates import LISTENING_RATE_HZ

#: Samples of a window, and from one to the next.
WINDOW, SHIFT = 400, 160
_FLOOR, _DEPTH = 1e-10, 8.0
_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
#: Slaney's scale: 200/3 Hz a mel up to 1 kHz (15 mel), then 27 mel for a factor of 6.4.
_HZ_A_MEL, _CORNER_HZ, _CORNER_MEL, _STEP = 200.0 / 3.0, 1000.0, 15.0, float(np.log(6.4)) / 27.0


def log_mel(sound: F32, bands: int, silent_from: int | None = None) -> F32:
    """Features [bands, n // SHIFT], about -1 … 1.5. sound: [n] at 16 kHz, n > WINDOW; silent_from: the sample from
    which on there are only zeros, whose windows all look alike and are not worked out.
    """
    count = len(sound) // SHIFT
    heard = count if silent_from is None else min(silent_from // SHIFT + 3, count)
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    windows = sliding_window_view(padded, WINDOW)[: heard * SHIFT : SHIFT]
    spectrum = np.fft.rfft(windows * _HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    logs = np.full((bands, count), np.log10(_FLOOR), np.float32)
    logs[:, :heard] = np.log10(np.maximum(_triangles(bands) @ power.T, _FLOOR))
    return np.asarray((np.maximum(logs, logs.max() - _DEPTH) + 4.0) / 4.0, np.float32)


def log_mel_of(pcm: Pcm, seconds: float, bands: int) -> F32:
    """Features [bands, 100 * seconds] of int16 sound at 16 kHz, silence behind it up to `seconds`; what is longer is
    left out.
    """
    sound = np.zeros(round(seconds * LISTENING_RATE_HZ), np.float32)
    sound[: len(pcm)] = pcm[: len(sound)].astype(np.float32) / FULL_SCALE
    return log_mel(sound, bands, silent_from=len(pcm))


@lru_cache(maxsize=4)
def _triangles(bands: int) -> F32:
    """Of equal area [bands, WINDOW // 2 + 1] over the bins of the spectrum."""
    bins_hz = np.linspace(0.0, LISTENING_RATE_HZ / 2, WINDOW // 2 + 1)
    corners_hz = _hz(np.linspace(0.0, _mel(LISTENING_RATE_HZ / 2), bands + 2))
    left, centre, right = (corners_hz[i : len(corners_hz) - 2 + i, None] for i in range(3))
    peaks = np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre))
    return np.asarray(np.maximum(0.0, peaks) * 2.0 / (right - left), np.float32)


def _mel(hz: float) -> float:
    return hz / _HZ_A_MEL if hz < _CORNER_HZ else _CORNER_MEL + float(np.log(hz / _CORNER_HZ)) / _STEP


def _hz(mel: F64) -> F64:
    curved = _CORNER_HZ * np.exp(_STEP * (np.maximum(mel, _CORNER_MEL) - _CORNER_MEL))
    return np.asarray(np.where(mel < _CORNER_MEL, mel * _HZ_A_MEL, curved))
