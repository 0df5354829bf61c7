"""Sound to the phone network's input, streaming: mel bands relative to how loud and how bright the voice is.

16 kHz samples -> 25 ms Hann windows every 10 ms -> power in 40 mel bands -> natural logarithm -> minus a slowly falling
peak of the level (loudness does not matter) -> minus the running mean of loud frames, band by band (voice, microphone
and room colour do not matter), as the per-channel energy normalisation of Wang et al. 2017 does, with memory only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32, F64
from ..core.rates import LISTENING_RATE_HZ
from .mel_filterbank import FFT, WindowStream, mel_corners_hz, triangles

WINDOW, BANDS = 400, 40
LOW_HZ, HIGH_HZ = 80.0, 7600.0
#: A frame is ready when this much sound after its instant is known.
WINDOW_AFTER_S = WINDOW / 2 / LISTENING_RATE_HZ
#: Band power of a 16-bit recording's rounding noise (int16 scale): digital silence is no quieter than that.
_FLOOR = 3e2
#: Level of stressed vowels until the voice is known, nepers of band power (about -20 dBFS); its decay a frame.
FIRST_PEAK = 19.0
_PEAK_DECAY = 0.002
#: Frames within this of the peak (15 dB) say what the voice is like.
_LOUD = 3.45
_FIRST_WEIGHT, _MAX_WEIGHT = 60.0, 400.0
_LOWEST, _HIGHEST, _SCALE = -8.0, 5.0, 0.5


def mel_matrix(warp: float = 1.0) -> F32:
    """Triangles of peak 1 [FFT // 2 + 1, BANDS]; warp > 1 stands for a longer vocal tract (training only)."""
    corners_hz = mel_corners_hz(LOW_HZ, HIGH_HZ, BANDS) * warp
    return triangles(np.minimum(corners_hz, LISTENING_RATE_HZ / 2)).astype(np.float32)


_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)).astype(np.float32)
_MEL = mel_matrix()


def log_bands(windows: F32, mel: F32 = _MEL) -> F32:
    """Windows [T, WINDOW] of int16-scale samples -> log band power [T, BANDS]."""
    power = np.abs(np.fft.rfft(windows * _HANN, FFT, axis=1)).astype(np.float32) ** 2
    bands: F32 = np.log(power @ mel + _FLOOR)
    return bands


class VoiceLevel:
    """Takes loudness and colour of the voice out of log bands; remembers across calls. `colour`: what to begin with."""

    def __init__(self, colour: F32) -> None:
        self._peak = FIRST_PEAK
        self._colour = colour.astype(np.float32)
        self._weight = _FIRST_WEIGHT

    def normalise(self, logs: F32) -> F32:
        """Log bands [T, BANDS] -> features [T, BANDS], about -4 … 2.5."""
        out = np.empty_like(logs)
        levels = np.log(np.exp(logs).mean(axis=1))
        for i, level in enumerate(levels.tolist()):
            self._peak = max(self._peak - _PEAK_DECAY, level)
            relative = logs[i] - self._peak
            if level > self._peak - _LOUD:
                self._weight = min(self._weight + 1.0, _MAX_WEIGHT)
                self._colour += (relative - self._colour) / self._weight
            out[i] = relative - self._colour
        return np.clip(out, _LOWEST, _HIGHEST) * _SCALE


class BandStream:
    """16 kHz samples in, features out; frame i is about the sound `offset_s` + i / 100 s after the first sample."""

    def __init__(self, level: VoiceLevel, offset_s: float = 0.0) -> None:
        self._level = level
        self._windows = WindowStream(WINDOW, np.float32, WINDOW // 2, round(offset_s * LISTENING_RATE_HZ))

    def push(self, samples: F64 | NDArray[np.int16]) -> F32:
        """Take samples (int16 scale); the features [T, BANDS] that they complete."""
        windows = self._windows.push(samples)
        return self._level.normalise(log_bands(windows)) if len(windows) else np.zeros((0, BANDS), np.float32)
