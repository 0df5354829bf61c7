"""Frames to windows, gaps, times, levels, patience."""

import numpy as np
import pytest

from avatar_ros.core.levels import SILENCE_DBFS, level_dbfs
from avatar_ros.core.types import AudioFrame
from avatar_ros.vad.base import WINDOW_SAMPLES
from avatar_ros.vad.endpointing import breaks_off
from avatar_ros.vad.level_tracking import NoiseFloor
from avatar_ros.vad.windows import Capture, PreRoll, Window


def ramp(first, count):
    return np.arange(first, first + count).astype(np.int16)


@pytest.mark.parametrize("frame_samples", [1, 160, 480, 512, 513, 1600])
def test_windows_hold_the_same_sound_whatever_the_frames(frame_samples):
    capture, found = Capture(), []
    for first in range(0, 4000, frame_samples):
        found += capture.add(AudioFrame(first_sample=first, pcm=ramp(first, min(frame_samples, 4000 - first))))
    sound = np.concatenate([window.pcm for window in found])
    assert np.array_equal(sound, ramp(0, len(found) * WINDOW_SAMPLES))
    assert [window.first_sample for window in found] == list(range(0, len(sound), WINDOW_SAMPLES))
    assert len(found) == 4000 // WINDOW_SAMPLES


def test_a_gap_becomes_silence_in_its_place():
    capture = Capture()
    list(capture.add(AudioFrame(first_sample=1000, pcm=ramp(1, 100))))
    frame = AudioFrame(first_sample=1300, pcm=ramp(1, 400))
    assert capture.gap_samples(frame) == 200
    window = next(iter(capture.add(frame)))
    assert window.first_sample == 1000
    assert not window.pcm[100:300].any()
    assert window.pcm[300] == 1


def test_times_follow_the_newest_frame():
    capture = Capture()
    list(capture.add(AudioFrame(first_sample=16000, pcm=ramp(0, 10), steady_ns=5_000_000_000)))
    assert capture.steady_ns(8000) == 4_500_000_000
    silent = Capture()
    list(silent.add(AudioFrame(pcm=ramp(0, 10))))
    assert silent.steady_ns(8000) == 0


def test_the_pre_roll_keeps_what_it_must_and_little_more():
    pre_roll = PreRoll()
    for first in range(0, 100 * WINDOW_SAMPLES, WINDOW_SAMPLES):
        pre_roll.add(Window(first, ramp(0, WINDOW_SAMPLES), 0), keep_samples=5000)
    kept = pre_roll.since(0)
    assert 5000 <= sum(len(window.pcm) for window in kept) <= 5000 + 2 * WINDOW_SAMPLES
    assert kept[-1].first_sample == 99 * WINDOW_SAMPLES


def test_level_of_a_full_scale_sine_and_of_silence():
    sine = (32767 * np.sin(np.arange(1600) * 0.1 * np.pi)).astype(np.int16)
    assert level_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(np.zeros(10, np.int16)) == SILENCE_DBFS == level_dbfs(np.zeros(0, np.int16))


def test_the_background_is_the_quietest_of_late():
    background = NoiseFloor(memory=3)
    for dbfs in (-70, -40, -50, -45):
        background.add(dbfs)
    assert background.dbfs == -50


def test_a_finished_sentence_does_not_break_off():
    assert breaks_off("tell me about the", "en-US")
    assert not breaks_off("tell me a story", "en-US")
