"""Sounds in which nobody speaks: noise, music, hum, clicks, silence, in pieces as long as utterances.

Music is made here: chords, bass drum, snare, hi-hat and a melody, in a random key, tempo and timbre. Noise is the test
data's two recordings, and noise of three colours. All from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from avatar_ros.core.arrays import F64, Pcm
from avatar_ros.core.levels import pcm_from_unit
from avatar_ros.core.rates import LISTENING_RATE_HZ

from .recordings import read_wav

_SHORTEST_S, _LONGEST_S = 1.0, 8.0
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
#: Strengths of the partials: a pluck, a clarinet, something brighter.
_TIMBRES = ((1.0, 0.5, 0.3, 0.2, 0.1), (1.0, 0.0, 0.4, 0.0, 0.2), (1.0, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2))
_Maker = Callable[[np.random.Generator, int], F64]


def no_speech(seconds: float, data: Path) -> Iterator[tuple[str, Pcm]]:
    """(kind, sound, int16 at 16 kHz) until `seconds` are full; recorded noise only where `data` has it."""
    rng, given = np.random.default_rng(7), 0
    makers: dict[str, _Maker] = {
        "music": music,
        **{name: _recorded(data / "acoustics" / f"{name}.wav") for name in ("noise2", "noise3")
           if (data / "acoustics" / f"{name}.wav").is_file()},
        "coloured noise": _coloured,
        "hum": _hum,
        "clicks": _clicks,
        "silence": lambda rng, samples: rng.normal(0.0, rng.choice([0.0, 1e-5, 3e-4]), samples),
    }  # fmt: skip
    for kind, make in cycle(makers.items()):
        if given >= seconds * LISTENING_RATE_HZ:
            return
        samples = int(rng.uniform(_SHORTEST_S, _LONGEST_S) * LISTENING_RATE_HZ)
        given += samples
        yield kind, pcm_from_unit(np.clip(make(rng, samples), -1.0, 1.0 - 1e-4))


def music(rng: np.random.Generator, samples: int) -> F64:
    """A few bars; full scale 1, at one of three levels."""
    out, beat = np.zeros(samples), int(LISTENING_RATE_HZ * 60.0 / rng.uniform(70.0, 150.0))
    root, scale = int(rng.integers(40, 60)), _SCALES[rng.integers(len(_SCALES))]
    timbre = _TIMBRES[rng.integers(len(_TIMBRES))]
    for number, first in enumerate(range(0, samples, beat)):
        if number % 4 == 0:
            degree = int(rng.integers(7))
            for step in (degree, degree + 2, degree + 4):
                _put(out, first, 0.25 * _note(rng, root + scale[step % 7] + 12 * (step // 7), 4 * beat, timbre, 1.5))
        _put(out, first, _drum(rng, number))
        _put(out, first + beat // 2, 0.15 * np.diff(rng.normal(0, 1, 2401)) * _decay(2400, 0.001, 0.02))
        for begin in (first, first + beat // 2):
            if rng.random() < 0.8:
                _put(out, begin, 0.5 * _note(rng, root + 12 + scale[rng.integers(7)], beat // 2, timbre, 0.4))
    return np.asarray(out / max(float(np.abs(out).max()), 1e-9) * rng.choice([0.03, 0.1, 0.5]))


def _note(rng: np.random.Generator, midi: int, samples: int, timbre: tuple[float, ...], length_s: float) -> F64:
    time_s, hz = np.arange(samples) / LISTENING_RATE_HZ, 440.0 * 2.0 ** ((midi - 69) / 12)
    tones = [size * np.sin(2 * np.pi * hz * (k + 1) * time_s + rng.uniform(0, 6)) for k, size in enumerate(timbre)]
    return np.asarray(sum(tones) * _decay(samples, 0.02, length_s))


def _drum(rng: np.random.Generator, number: int) -> F64:
    if number % 2:
        return np.asarray(0.4 * rng.normal(0, 1, 2400) * _decay(2400, 0.001, 0.05))
    return np.asarray(0.8 * np.sin(2 * np.pi * 60.0 * np.arange(2400) / LISTENING_RATE_HZ) * _decay(2400, 0.002, 0.06))


def _decay(samples: int, attack_s: float, length_s: float) -> F64:
    time_s = np.arange(samples) / LISTENING_RATE_HZ
    return np.asarray(np.minimum(1.0, time_s / attack_s) * np.exp(-time_s / length_s))


def _put(out: F64, first: int, sound: F64) -> None:
    end = min(len(out), first + len(sound))
    if end > first:
        out[first:end] += sound[: end - first]


def _recorded(path: Path) -> _Maker:
    recording = read_wav(path) / 32768.0
    return lambda rng, samples: np.resize(
        np.roll(recording, -int(rng.integers(len(recording)))), samples
    ) * rng.choice([0.3, 1.0, 3.0])


def _coloured(rng: np.random.Generator, samples: int) -> F64:
    """White, between, or red."""
    spectrum = np.fft.rfft(rng.normal(0, 1, samples))
    sound = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1.0) ** rng.choice([0.0, 0.5, 1.0]), samples)
    return np.asarray(sound / np.abs(sound).max() * rng.choice([0.003, 0.03, 0.3]))


def _hum(rng: np.random.Generator, samples: int) -> F64:
    time_s, hz = np.arange(samples) / LISTENING_RATE_HZ, rng.choice([50.0, 60.0, 100.0])
    tones = sum(np.sin(2 * np.pi * hz * k * time_s + rng.uniform(0, 6)) / k for k in range(1, 6))
    return np.asarray(0.1 * tones + rng.normal(0.0, 1e-3, samples))


def _clicks(rng: np.random.Generator, samples: int) -> F64:
    """Two a second: steps, keys, a cup put down."""
    out = rng.normal(0.0, 1e-3, samples)
    for first in rng.integers(0, samples, 1 + 2 * samples // LISTENING_RATE_HZ):
        _put(out, int(first), rng.normal(0.0, 0.3, 800) * np.exp(-np.arange(800) / 100.0))
    return np.asarray(out)
