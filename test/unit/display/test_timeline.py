"""Sound placed by its times: no clicks from jitter, no drift, no lasting offset."""

import numpy as np
import pytest

from avatar_ros.display.timeline import AudioTimeline

RATE = 24000
TONE = (8000 * np.sin(np.arange(RATE * 8) * 0.05)).astype(np.int16)


def placed(timeline, pieces):
    return np.concatenate([timeline.place(ns, pcm) for ns, pcm in pieces])


def cut(pcm, size=480, start_ns=0, clock=1.0, jitter_s=0.0):
    rng = np.random.default_rng(3)
    for first in range(0, len(pcm), size):
        shake = rng.uniform(-jitter_s, jitter_s)
        yield start_ns + round((first / RATE * clock + shake) * 1e9), pcm[first : first + size]


def test_exact_times_change_nothing():
    timeline = AudioTimeline(RATE, 0)
    assert np.array_equal(placed(timeline, cut(TONE)), TONE)
    assert timeline.realigned == 0


def test_jitter_makes_no_clicks():
    timeline = AudioTimeline(RATE, 0)
    out = placed(timeline, [(0, TONE[:480]), *list(cut(TONE, jitter_s=0.015))[1:]])
    assert np.array_equal(out, TONE)


def test_lost_sound_becomes_silence_of_its_length():
    pieces = list(cut(TONE))
    out = placed(AudioTimeline(RATE, 0), pieces[:100] + pieces[110:])
    assert not out[100 * 480 : 110 * 480].any()
    assert np.array_equal(out[110 * 480 :], TONE[110 * 480 :])


def test_sound_that_overlaps_is_left_out():
    pieces = list(cut(TONE))
    out = placed(AudioTimeline(RATE, 0), pieces[:100] + pieces[80:])
    assert np.array_equal(out, TONE)


def test_first_piece_goes_to_its_exact_place_even_when_the_start_is_cut():
    out = placed(AudioTimeline(RATE, 0, start_sample=1024), cut(TONE))
    assert np.array_equal(out, TONE[1024:])


def test_silence_before_the_first_piece():
    out = placed(AudioTimeline(RATE, 0), cut(TONE, start_ns=2_000_000_000))
    assert not out[: 2 * RATE].any()
    assert np.array_equal(out[2 * RATE :], TONE)


@pytest.mark.parametrize("clock", [1.0005, 0.9995])
def test_a_drifting_card_is_mended_in_the_pauses(clock):
    """500 ppm over ten minutes is 300 ms; words last a second, pauses half a one."""
    word = np.concatenate([TONE[:RATE], np.zeros(RATE // 2, np.int16)])
    timeline = AudioTimeline(RATE, 0)
    for ns, pcm in cut(np.tile(word, 400), clock=clock):
        timeline.place(ns, pcm)
        assert abs(ns * 1e-9 + len(pcm) / RATE - timeline.end_sample / RATE) < 0.008


def test_a_drift_without_pauses_is_mended_before_it_is_noticed():
    timeline = AudioTimeline(RATE, 0)
    for ns, pcm in cut(np.tile(TONE, 20), clock=1.001):
        timeline.place(ns, pcm)
        assert abs(ns * 1e-9 + len(pcm) / RATE - timeline.end_sample / RATE) <= 0.0205
    assert timeline.realigned > 0
