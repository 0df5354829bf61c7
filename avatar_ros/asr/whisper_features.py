"""Whisper's input (Radford et al., "Robust speech recognition via large-scale weak supervision", 2022): log-mel bands.

16 kHz samples -> 25 ms Hann windows every 10 ms -> power in mel bands of equal area (Slaney's scale) -> log10, no lower
than 8 below the loudest -> (x + 4) / 4. Compared with a slow reference in test/unit/asr/test_whisper_features.py.
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
#: Slaney's scale: 200/3 Hz a mel below 1000 Hz, above it a factor of 6.4 in 27 mel.
_LINEAR_HZ, _CORNER_HZ, _STEP = 200.0 / 3.0, 1000.0, float(np.log(6.4)) / 27.0


def log_mel(pcm: Pcm, seconds: float, bands: int) -> F32:
    """Features [bands, 100 * seconds] of int16 sound at 16 kHz, silence behind it up to `seconds`; what is longer is
    left out.
    """
    samples = round(seconds * LISTENING_RATE_HZ)
    sound = np.zeros(samples, np.float32)
    sound[: len(pcm)] = pcm[:samples].astype(np.float32) / FULL_SCALE
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    # Windows of silence all look alike: only those that the sound reaches are worked out.
    heard = min(len(pcm) // SHIFT + 3, samples // SHIFT)
    windows = sliding_window_view(padded, WINDOW)[: heard * SHIFT : SHIFT]
    power = np.abs(np.fft.rfft(windows * _HANN, axis=1)).astype(np.float32) ** 2
    logs = np.full((bands, samples // SHIFT), np.log10(_FLOOR), np.float32)
    logs[:, :heard] = np.log10(np.maximum(_filters(bands) @ power.T, _FLOOR))
    out: F32 = (np.maximum(logs, logs.max() - _DEPTH) + 4.0) / 4.0
    return out


@lru_cache(maxsize=4)
def _filters(bands: int) -> F32:
    """Triangles of equal area [bands, WINDOW // 2 + 1] over the bins of the spectrum."""
    bins_hz = np.linspace(0.0, LISTENING_RATE_HZ / 2, WINDOW // 2 + 1)
    corners_hz = _hz(np.linspace(0.0, float(_mel(LISTENING_RATE_HZ / 2)), bands + 2))
    left, centre, right = (corners_hz[i : len(corners_hz) - 2 + i, None] for i in range(3))
    triangles = np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre))
    return np.asarray(np.maximum(0.0, triangles) * 2.0 / (right - left), np.float32)


def _mel(hz: float) -> float:
    return hz / _LINEAR_HZ if hz < _CORNER_HZ else _CORNER_HZ / _LINEAR_HZ + float(np.log(hz / _CORNER_HZ)) / _STEP


def _hz(mel: F64) -> F64:
    corner = _CORNER_HZ / _LINEAR_HZ
    curved = _CORNER_HZ * np.exp(_STEP * (np.maximum(mel, corner) - corner))
    return np.asarray(np.where(mel < corner, mel * _LINEAR_HZ, curved))
