"""Log mels as Whisper's feature extractor makes them (Radford et al. 2022), of exactly 8 s.

Samples to mean 0 and variance 1 -> 25 ms Hann windows every 10 ms, centred, mirrored at both ends -> power spectrum ->
80 triangles of equal area on Slaney's mel scale (linear to 1 kHz, logarithmic above) -> log10, at most 8 below the
greatest -> (x + 4) / 4.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..core.arrays import F32, F64
from ..core.rates import LISTENING_RATE_HZ

SAMPLES, FRAMES, BANDS = 8 * LISTENING_RATE_HZ, 800, 80
_WINDOW, _SHIFT = 400, 160
_LEAST_POWER, _LEAST_VARIANCE = 1e-10, 1e-7
#: Slaney's scale: 200/3 Hz a mel up to 1 kHz (15 mel), then 27 mel for a factor of 6.4.
_HZ_A_MEL, _BREAK_HZ, _BREAK_MEL, _LOG_STEP = 200.0 / 3.0, 1000.0, 15.0, np.log(6.4) / 27.0


def mel_from_hz(hz: F64) -> F64:
    """Slaney's mel scale."""
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_A_MEL, above)


def hz_from_mel(mel: F64) -> F64:
    """Inverse of `mel_from_hz`."""
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_A_MEL, above)


def mel_matrix() -> F32:
    """Triangles of equal area [_WINDOW // 2 + 1, BANDS] over the bins of the spectrum."""
    top = float(mel_from_hz(np.array(LISTENING_RATE_HZ / 2)))
    corners_hz = hz_from_mel(np.linspace(0.0, top, BANDS + 2))
    bins_hz = np.linspace(0.0, LISTENING_RATE_HZ / 2, _WINDOW // 2 + 1)[:, None]
    left, centre, right = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    triangles = np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre))
    return np.asarray(np.maximum(triangles, 0.0) * (2.0 / (right - left)), np.float32)


_MEL = mel_matrix()
_HANN = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


def log_mel(sound: F32) -> F32:
    """Features [BANDS, FRAMES], about -1 … 1.5. sound: [n] at 16 kHz, n <= SAMPLES; zeros are put before it."""
    samples = np.pad(sound, (SAMPLES - len(sound), 0))
    samples = (samples - samples.mean()) / np.sqrt(samples.var() + _LEAST_VARIANCE)
    windows = sliding_window_view(np.pad(samples, _WINDOW // 2, mode="reflect"), _WINDOW)[:: _SHIFT][:FRAMES]
    spectrum = np.fft.rfft(windows * _HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    logs = np.log10(np.maximum(power @ _MEL, _LEAST_POWER)).T
    return np.ascontiguousarray((np.maximum(logs, logs.max() - 8.0) + 4.0) / 4.0, np.float32)
