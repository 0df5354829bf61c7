"""A sound card's clock: late callbacks, cards of another rate, cards whose crystal is off."""

import numpy as np
import pytest

from avatar_ros.audio.device_clock import DeviceClock
from avatar_ros.audio.portaudio import stamp_age_s
from avatar_ros.speaker.sounddevice import CardFeed

SPEECH_RATE_HZ = 24000
LATENCY_S = 0.06


def play(card_rate_hz, off_ppm, seconds, late_s=0.0, seed=1):
    """Errors, s, of the instant at which the feed says that each rendered piece is heard, after the first second.

    The card plays card_rate_hz * (1 + off_ppm / 1e6) samples a second; callbacks come up to late_s late.
    """
    rng = np.random.default_rng(seed)
    true_rate_hz = card_rate_hz * (1 + off_ppm * 1e-6)
    rendered = 0
    said = []  # (sample of the speech, when the feed says that it is heard)

    def render(count, at_s):
        nonlocal rendered
        said.append((rendered, at_s))
        rendered += count
        return np.zeros(count, np.int16)

    feed = CardFeed(render, SPEECH_RATE_HZ, card_rate_hz)
    block = card_rate_hz // 100
    for i in range(int(seconds * 100)):
        heard_s = 1000.0 + LATENCY_S + i * block / true_rate_hz
        feed.fill(block, heard_s + late_s * float(rng.random()))
    samples, at_s = np.array(said).T
    # Speech sample n is the card's n * card rate / speech rate, and is heard when the card comes to it.
    true_s = 1000.0 + LATENCY_S + samples * card_rate_hz / SPEECH_RATE_HZ / true_rate_hz
    return (at_s - true_s)[at_s > 1001.0]


@pytest.mark.parametrize(
    ("card_rate_hz", "off_ppm", "seconds"), [(48000, -100.0, 120), (24000, 100.0, 60), (44100, 100.0, 30)]
)
def test_a_crystal_that_is_off_does_not_add_up(card_rate_hz, off_ppm, seconds):
    errors = play(card_rate_hz, off_ppm, seconds)
    assert np.abs(errors).max() < 0.002
    assert abs(np.median(errors[-500:]) - np.median(errors[:500])) < 0.0005


@pytest.mark.parametrize("card_rate_hz", [44100, 48000])
def test_late_callbacks_move_the_clock_by_little(card_rate_hz):
    errors = play(card_rate_hz, 50.0, seconds=20, late_s=0.010)
    assert np.std(errors) < 0.001, "it stands still"
    assert np.abs(errors).max() < 0.008, "half of the jitter, which nobody can know"


def test_a_stall_is_followed_at_once():
    clock = DeviceClock(48000)
    for i in range(100):
        clock.measure(480 * i, 0.01 * i)
    assert clock.measure(48000, 1.5) == pytest.approx(1.5)
    assert clock.jumps == 1


@pytest.mark.parametrize("gap_s", [0.015, 0.025])
def test_a_card_that_underran_is_followed_at_once(gap_s):
    """Too short a silence to be told from jitter: the card says so itself."""
    said = []

    def render(count, at_s):
        said.append(at_s)
        return np.zeros(count, np.int16)

    feed = CardFeed(render, SPEECH_RATE_HZ, SPEECH_RATE_HZ)
    for i in range(200):
        if i == 100:
            feed.underrun()
        feed.fill(240, 5.0 + 0.01 * i + (gap_s if i >= 100 else 0.0))
    assert said[99] == pytest.approx(5.99)
    assert said[100] == pytest.approx(6.0 + gap_s)
    assert said[-1] == pytest.approx(6.99 + gap_s)


def test_the_first_measurements_count_alike():
    clock = DeviceClock(48000)
    late = [0.008, 0.0, 0.004, 0.0]
    said = [clock.measure(480 * i, 0.01 * i + late_s) - 0.01 * i for i, late_s in enumerate(late)]
    assert said[-1] == pytest.approx(np.mean(late))


@pytest.mark.parametrize(
    ("stamp_s", "age_s"),
    [(499.98, 0.02), (1.7e9 - 0.01, 0.01), (500.0, 0.0), (0.0, 0.0), (1234.0, 0.0), (500.1, 0.0), (498.0, 0.0)],
)
def test_the_age_of_a_drivers_stamp_on_either_clock(stamp_s, age_s):
    assert stamp_age_s(stamp_s, 500.0, 1.7e9) == pytest.approx(age_s, abs=1e-6)
