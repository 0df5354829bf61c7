"""Whisper's features against a slow reference, written as the definition has it."""

import math

import numpy as np
import pytest

from avatar_ros.speech.whisper_mel import SHIFT, WINDOW, log_mel, log_mel_of

RATE = 16000


def reference(pcm, seconds, bands):
    """Each frame and each band by itself, no array tricks: Hann, Fourier, Slaney's triangles, log10, floor."""
    sound = [float(x) / 32768 for x in pcm] + [0.0] * (seconds * RATE - len(pcm))
    half = WINDOW // 2
    sound = sound[half:0:-1] + sound + sound[-2 : -half - 2 : -1]
    corners = [hz(i * mel(8000.0) / (bands + 1)) for i in range(bands + 2)]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(half + 1), np.arange(WINDOW)) / WINDOW)
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * n / WINDOW) for n in range(WINDOW)]
    out = np.empty((bands, seconds * 100))
    for frame in range(seconds * 100):
        window = np.array([sound[frame * SHIFT + n] * hann[n] for n in range(WINDOW)])
        power = np.abs(turns @ window) ** 2
        for band in range(bands):
            out[band, frame] = math.log10(max(energy(power, *corners[band : band + 3]), 1e-10))
    return (np.maximum(out, out.max() - 8.0) + 4.0) / 4.0


def energy(power, low, middle, high):
    total = 0.0
    for number, value in enumerate(power):
        bin_hz = number * RATE / WINDOW
        weight = min((bin_hz - low) / (middle - low), (high - bin_hz) / (high - middle))
        total += max(weight, 0.0) * 2.0 / (high - low) * value
    return total


def mel(f):
    return f * 3 / 200 if f < 1000 else 15 + 27 * math.log(f / 1000) / math.log(6.4)


def hz(m):
    return m * 200 / 3 if m < 15 else 1000 * math.exp((m - 15) * math.log(6.4) / 27)


@pytest.mark.parametrize(("bands", "spoken_s"), [(80, 0.7), (128, 1.0), (80, 0.0)])
def test_it_is_what_the_slow_reference_says(bands, spoken_s):
    time_s = np.arange(round(spoken_s * RATE)) / RATE
    pcm = (6000 * np.sin(900 * time_s * (1 + time_s))).astype(np.int16)
    pcm = pcm + np.random.default_rng(1).normal(0, 300, len(pcm)).astype(np.int16)
    assert log_mel_of(pcm, 1, bands) == pytest.approx(reference(pcm, 1, bands), abs=2e-3)


def test_what_is_longer_than_the_window_is_left_out():
    pcm = np.random.default_rng(2).normal(0, 3000, 2 * RATE).astype(np.int16)
    assert log_mel_of(pcm, 1, 80).shape == (80, 100)
    assert log_mel_of(pcm, 1, 80)[:, :90] == pytest.approx(log_mel_of(pcm[:RATE], 1, 80)[:, :90])


def test_windows_of_silence_that_are_left_out_would_look_the_same():
    sound = np.zeros(2 * RATE, np.float32)
    sound[: RATE // 2] = np.random.default_rng(3).normal(0, 0.1, RATE // 2)
    assert log_mel(sound, 80, silent_from=RATE // 2) == pytest.approx(log_mel(sound, 80))
