"""Late echoes are taken out where a room is heard, and dry speech is left alone."""

import numpy as np
import pytest

from avatar_ros.speech.dereverberation import Dereverberator, Room
from avatar_ros.speech.mfcc import Cepstra

BANDS = 25


def bursts(seconds=4.0):
    """Power of syllables [T, BANDS]: 120 ms on, 130 ms off, 60 dB apart, of varying loudness."""
    rng = np.random.default_rng(3)
    frames = np.arange(int(seconds * 100))
    loud = rng.uniform(0.3, 1.0, len(frames) // 25 + 1)[frames // 25]
    return np.where(frames % 25 < 12, loud, 1e-6)[:, None] * rng.uniform(0.5, 1.5, (len(frames), BANDS)) * 1e9


def in_a_room(power, decay=0.8):
    out, tail = np.empty_like(power), np.zeros(BANDS)
    for i, frame in enumerate(power):
        tail = decay * tail + (1 - decay) * frame
        out[i] = 0.5 * frame + tail
    return out


def clean(power, room):
    canceller = Dereverberator(BANDS, room)
    return np.stack([canceller.clean(frame) for frame in power])


def test_dry_speech_is_not_touched():
    power, room = bursts(), Room()
    np.testing.assert_array_equal(clean(power, room), power)
    assert room.reverberation == 0


def test_a_room_is_noticed_within_two_seconds_and_its_gaps_get_deeper():
    power = bursts()
    wet, room = in_a_room(power), Room()
    out = clean(wet, room)
    assert room.reverberation > 0.9
    gap, vowel = np.arange(400) % 25 == 22, np.arange(400) % 25 == 4
    late = np.arange(400) >= 200
    assert np.median(out[gap & late] / wet[gap & late]) < 0.3
    assert np.median(out[vowel & late] / wet[vowel & late]) > 0.8


def test_steady_noise_is_no_room():
    room = Room()
    clean(np.random.default_rng(0).gamma(4, 1e6, (400, BANDS)), room)
    assert room.reverberation == 0


@pytest.mark.parametrize("power", [np.zeros((50, BANDS)), np.full((50, BANDS), 1e300)], ids=["zeros", "huge"])
def test_odd_power_stays_finite(power):
    assert np.isfinite(clean(power, Room())).all()


def test_the_room_is_shared_by_a_voice_s_sentences():
    room = Room()
    rng = np.random.default_rng(1)
    envelope = np.where(np.arange(48000) % 4000 < 1600, 1.0, 0.0)
    wet = np.convolve(envelope * rng.normal(0, 4000, 48000), np.exp(-np.arange(8000) / 1500) * rng.normal(0, 0.1, 8000))
    Cepstra(room).push(wet[:48000])
    assert room.reverberation > 0.2
    learnt = room.reverberation
    Cepstra(room)
    assert room.reverberation == learnt
