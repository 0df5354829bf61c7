"""Recordings for benchmarks: read them, add noise to them, put them into rooms."""

from __future__ import annotations

import os
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.errors import ConfigError


def noisy(noise: Pcm, snr_db: float, rng: np.random.Generator) -> Callable[[Pcm, int], Pcm]:
    """Adds noise from a random place on, at snr_db below the speech's mean power."""

    def change(pcm: Pcm, rate_hz: int) -> Pcm:
        long = np.tile(noise.astype(float), len(pcm) // len(noise) + 2)
        start = int(rng.integers(len(noise)))
        other = long[start : start + len(pcm)]
        gain = np.sqrt(np.mean(pcm.astype(float) ** 2) / np.mean(other**2) / 10 ** (snr_db / 10))
        return np.clip(pcm + gain * other, -32768, 32767).astype(np.int16)

    return change


def roomy(response: Pcm) -> Callable[[Pcm, int], Pcm]:
    """Plays the speech in a room; the direct sound stays where it was."""

    def change(pcm: Pcm, rate_hz: int) -> Pcm:
        h = response.astype(float) / np.abs(response).max()
        direct = int(np.abs(h).argmax())
        size = len(pcm) + len(h)
        whole = np.fft.irfft(np.fft.rfft(pcm.astype(float), size) * np.fft.rfft(h, size), size)
        wet = whole[direct : direct + len(pcm)]
        wet *= np.sqrt(np.mean(pcm.astype(float) ** 2) / max(float(np.mean(wet**2)), 1e-9))
        return np.clip(wet, -32768, 32767).astype(np.int16)

    return change


def read_wav(path: Path) -> tuple[Pcm, int]:
    """A 16-bit mono WAV file as samples and rate."""
    with wave.open(os.fspath(path)) as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise ConfigError("bench_wav", f"{path}: 16-bit mono is needed")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate()
