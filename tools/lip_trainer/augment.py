"""What happens to speech between a mouth and a microphone, and what other mouths would have made of it. Seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

from avatar_ros.speech.phones import PHONE_COUNT, SIL

from .speech import F32, FRAME, RATE_HZ, Spoken

#: Playing faster or slower changes pitch, formants and tempo at once: (up, down) of the resampler.
_SPEEDS = ((8, 9), (9, 10), (15, 16), (1, 1), (1, 1), (16, 15), (10, 9), (9, 8), (6, 5))


@dataclass(frozen=True)
class Odds:
    """How often each change happens."""

    speed: float = 0.7
    warp: float = 0.7
    tilt: float = 0.7
    room: float = 0.35
    noise: float = 0.5
    clip: float = 0.1
    narrow: float = 0.1


def recording(parts: list[Spoken], rng: np.random.Generator, odds: Odds) -> Spoken:
    """Utterances one after the other with pauses, changed in the same way: one speaker in one place."""
    speed = _SPEEDS[int(rng.integers(len(_SPEEDS)))] if rng.random() < odds.speed else (1, 1)
    sounds, phones = [], []
    for part in parts:
        pause = int(rng.integers(5, 60)) * FRAME
        one = _faster(part, speed)
        whole = len(one.phones) * FRAME
        sounds += [np.pad(one.sound, (0, whole - len(one.sound))), np.zeros(pause, np.float32)]
        phones += [one.phones, _silence(pause // FRAME)]
    sound = np.concatenate(sounds)
    return Spoken(_changed(sound, rng, odds), np.concatenate(phones))


def _silence(frames: int) -> F32:
    out = np.zeros((frames, PHONE_COUNT), np.float32)
    out[:, SIL] = 1.0
    return out


def _faster(one: Spoken, speed: tuple[int, int]) -> Spoken:
    up, down = speed
    if up == down:
        return one
    sound = resample_poly(one.sound, up, down).astype(np.float32)
    frames = -(-len(sound) // FRAME)
    at = np.minimum(np.round(np.arange(frames) * down / up).astype(int), len(one.phones) - 1)
    return Spoken(sound, one.phones[at])


def _changed(sound: F32, rng: np.random.Generator, odds: Odds) -> F32:
    if rng.random() < odds.tilt:
        sound = _tilt(sound, rng)
    if rng.random() < odds.room:
        sound = _room(sound, rng)
    if rng.random() < odds.noise:
        sound = sound + _noise(len(sound), rng) * _rms(sound) * 10 ** (-rng.uniform(3, 30) / 20)
    if rng.random() < odds.narrow:
        sound = resample_poly(resample_poly(sound, 1, 2), 2, 1)[: len(sound)].astype(np.float32)
    sound = sound * 10 ** (rng.uniform(-14, 6) / 20)
    if rng.random() < odds.clip:
        limit = float(np.quantile(np.abs(sound), rng.uniform(0.9, 0.995)))
        sound = np.clip(sound, -limit, limit)
    return np.clip(sound, -1, 1).astype(np.float32)


def _rms(sound: F32) -> float:
    return float(np.sqrt(np.mean(sound**2))) + 1e-6


def _tilt(sound: F32, rng: np.random.Generator) -> F32:
    """A microphone's colour: first-order tilt and one broad peak or dip."""
    out = lfilter([1.0, -rng.uniform(-0.5, 0.6)], [1.0], sound)
    angle = 2 * np.pi * rng.uniform(200, 5000) / RATE_HZ
    gain, width = 10 ** (rng.uniform(-6, 6) / 40), np.sin(angle) / (2 * rng.uniform(0.5, 1.5))
    b = [1 + width * gain, -2 * np.cos(angle), 1 - width * gain]
    a = [1 + width / gain, -2 * np.cos(angle), 1 - width / gain]
    out = lfilter(np.array(b) / a[0], np.array(a) / a[0], out)
    return (out * (_rms(sound) / _rms(out))).astype(np.float32)


def _room(sound: F32, rng: np.random.Generator) -> F32:
    """An exponentially decaying room after Polack (1988): direct sound, a few early echoes, a noise tail."""
    decay_s, direct_db = rng.uniform(0.1, 0.7), rng.uniform(-4, 12)
    t = np.arange(int(decay_s * RATE_HZ)) / RATE_HZ
    tail = rng.normal(size=len(t)) * 10 ** (-3 * t / decay_s)
    tail[: int(rng.uniform(0.001, 0.01) * RATE_HZ)] = 0
    for delay_s in rng.uniform(0.002, 0.03, 5):
        tail[int(delay_s * RATE_HZ)] += rng.normal() * 4
    tail = lfilter([0.4], [1, -0.6], tail)
    tail *= 10 ** (-direct_db / 20) / (np.sqrt((tail**2).sum()) + 1e-9)
    tail[0] += 1.0
    out = fftconvolve(sound, tail)[: len(sound)]
    return (out * (_rms(sound) / _rms(out))).astype(np.float32)


def _noise(count: int, rng: np.random.Generator) -> F32:
    """White to brown noise, sometimes a hum, sometimes coming and going; RMS 1."""
    pole = rng.uniform(0.0, 0.98)
    out = lfilter([1.0], [1.0, -pole], rng.normal(size=count))
    if rng.random() < 0.3:
        hz = rng.uniform(50, 400)
        t = np.arange(count) / RATE_HZ
        out = out / out.std() + sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k for k in range(1, 6))
    if rng.random() < 0.4:
        knots = rng.uniform(0.2, 2.0, count // 4000 + 2)
        out = out * np.interp(np.arange(count), np.arange(len(knots)) * 4000, knots)
    return (out / (out.std() + 1e-9)).astype(np.float32)
