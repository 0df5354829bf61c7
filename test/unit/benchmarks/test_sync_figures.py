"""Figures of sound against lips, from made-up recordings and frames whose truth is known."""

import numpy as np
import pytest

from avatar_ros.core.enums import PlaybackState
from avatar_ros.core.events import FrameInfo
from avatar_ros.core.types import PlaybackClock
from benchmarks.lips import sync_statistics as figures
from benchmarks.lips.av_sync_live import delays, within_limits

RATE_HZ = 24000
CARD_HZ = 48000


def clock(sample, at_s, state=PlaybackState.PLAYING):
    return PlaybackClock(turn=1, sample=sample, steady_ns=round(at_s * 1e9), state=state)


def frame(at_s, sample=0, mouth=0.0):
    return FrameInfo(turn=1, sample=sample, speaking=True, mouth_open=mouth, steady_ns=round(at_s * 1e9))


def recording(clicks_s, seconds=35.0, late=lambda i: 0.002, ahead_every=7):
    """A sink's monitor from instant 50 on: blocks of 20 ms that come late(i) after they are due, some pieces ahead."""
    pcm = np.zeros(int(seconds * CARD_HZ), np.int16)
    for click_s in clicks_s:
        at = round((click_s - 50.0) * CARD_HZ)
        pcm[at : at + 96] = 20000
    pieces, block = [], CARD_HZ // 50
    for i in range(len(pcm) // block):
        came_s = 50.0 + i * 0.02 + late(i)
        if ahead_every and i % ahead_every == 3:
            continue  # came with the block before
        take = 2 if ahead_every and i % ahead_every == 2 else 1
        pieces += [(came_s + 0.005 * j, pcm[(i + j) * block : (i + j + 1) * block].tobytes()) for j in range(take)]
    return figures.joined(pieces, CARD_HZ)


def test_a_monitor_says_when_a_sample_was_heard_however_late_and_early_its_pieces_come():
    rng = np.random.default_rng(1)
    lateness = rng.exponential(0.004, 2000)
    clicks_s = 51.0 + np.arange(60) * 0.5
    blocks = recording(clicks_s, late=lambda i: lateness[i])
    origin_s, unsure_s = figures.heard_origin_s(blocks)
    assert origin_s == pytest.approx(50.0, abs=0.001)
    assert unsure_s < 0.001
    heard_s = origin_s + figures.click_samples(blocks) / CARD_HZ
    np.testing.assert_allclose(heard_s, clicks_s, atol=0.001)


def test_drift_of_a_clock_against_the_monitor():
    clock_s = np.arange(0, 120, 0.5)
    assert figures.drift_ppm(clock_s * (1 + 100e-6), clock_s) == pytest.approx(100, abs=0.1)
    jumped = clock_s + np.where(clock_s > 100, 0.05, 0.0)
    assert abs(figures.drift_ppm(jumped, clock_s)) < 100


def test_instants_of_samples_follow_the_clocks_also_over_a_pause():
    clocks = [clock(0, 10.0), clock(24000, 11.0), clock(24000, 11.0, PlaybackState.STARVED), clock(24000, 13.0)]
    clocks += [clock(48000, 14.0)]
    found = figures.instant_s(np.array([-2400.0, 12000.0, 36000.0, 72000.0]), clocks, RATE_HZ)
    np.testing.assert_allclose(found, [9.9, 10.5, 13.5, 15.0])
    shown = [frame(10.5, 12000), frame(13.5, 36000 + 240), frame(9.95, -1200)]
    np.testing.assert_allclose(figures.stamp_errors_ms(shown, clocks, RATE_HZ), [0.0, 10.0, 0.0], atol=1e-6)


def test_flashes_and_their_offsets_are_signed_as_said():
    times = np.arange(0, 3, 1 / 60)
    frames = [frame(t, mouth=1.0 if i % 60 in (30, 31) else 0.0) for i, t in enumerate(times)]
    flashes = figures.flash_instants(frames, times)
    np.testing.assert_allclose(flashes, np.array([30.5, 90.5, 150.5]) / 60)
    late = figures.offsets_ms(flashes + 0.02, flashes)
    np.testing.assert_allclose(late, 20.0)
    assert len(figures.offsets_ms(np.array([0.0, 0.6]), flashes)) == 1, "a click without a flash does not count"
    assert figures.spread(late)["p95"] == 20.0


def test_rest_counts_once_the_mouth_stays_shut():
    shut = {0.30, 0.35, 0.40}  # a closure for a /p/, not rest
    times = np.arange(0, 2, 0.05)
    frames = [frame(t, mouth=0.0 if round(float(t), 2) in shut or t > 0.72 else 0.4) for t in times]
    assert figures.rest_delay_s(frames, 0.2) == pytest.approx(0.55, abs=0.001)
    assert np.isnan(figures.rest_delay_s(frames[:14], 0.2))


@pytest.mark.parametrize(
    ("delays_s", "p95_ms", "good"),
    [([0.06, 0.14], 12.0, True), ([0.06, 0.16], 12.0, False), ([0.06, np.nan], 12.0, False), ([0.06], 31.0, False)],
)
def test_lips_that_never_rest_are_no_success(delays_s, p95_ms, good):
    rest = delays(delays_s)
    assert rest["n"] + rest["never"] == len(delays_s)
    result = {"sound_to_lips_ms": {"p95": p95_ms}, "rest_ms": {"cancel": rest}}
    assert within_limits(result, limit_ms=30.0, rest_limit_ms=150.0) is good
