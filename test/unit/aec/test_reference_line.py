"""Which sample of the loudspeaker belongs to which of the microphone: the line of what was played, and two clocks."""

import numpy as np
import pytest

from avatar_ros.aec.drift_estimator import DriftEstimator
from avatar_ros.aec.kalman_filter import LinearEcho
from avatar_ros.aec.reference_line import ReferenceLine
from avatar_ros.audio.device_clock import DeviceClock
from avatar_ros.core.types import AudioFrame
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.played_frames import PlayedFramer

RATE_HZ, FRAME = 16000, 320


def frame(first_s, pcm, rate=RATE_HZ):
    return AudioFrame(sample_rate_hz=rate, pcm=np.asarray(pcm, np.int16), steady_ns=round(first_s * 1e9))


def line_of(pcm, at_s=5.0):
    line = ReferenceLine(RATE_HZ)
    for i in range(0, len(pcm), FRAME):
        line.put(frame(at_s + i / RATE_HZ, pcm[i : i + FRAME]), joined=i > 0)
    return line


# --- the line --------------------------------------------------------------------------------------------------------


def test_any_stretch_of_the_line():
    pcm = np.arange(1, 6401).astype(np.int16)
    line = ReferenceLine(RATE_HZ)
    for i in range(20):
        jitter_s = 0.0005 * (i % 2)
        line.put(frame(5.0 + i * 0.02 + jitter_s, pcm[FRAME * i : FRAME * (i + 1)]), joined=False)
    np.testing.assert_array_equal(line.take(1600, 2400), pcm[1600:4000])
    assert not line.take(-900, 100).any() and not line.take(7000, 100).any()
    np.testing.assert_array_equal(line.take(-2, 4), [0, 0, 1, 2])
    assert line.place(5.1) == pytest.approx(1600, abs=9) and line.end == 6400


def test_gaps_become_silence_and_what_overlaps_is_dropped():
    line = ReferenceLine(1000)
    line.put(frame(1.0, [1] * 100, 1000), joined=False)
    line.put(frame(1.15, [2] * 100, 1000), joined=False)
    line.put(frame(1.20, [3] * 100, 1000), joined=False)
    np.testing.assert_array_equal(line.take(0, 300), [1] * 100 + [0] * 50 + [2] * 100 + [3] * 50)
    assert line.place(1.26) == pytest.approx(260)
    line.put(frame(90.0, [4] * 10, 1000), joined=False)
    assert line.place(90.0) == line.end - 10 and list(line.take(line.end - 10, 10)) == [4] * 10


def test_what_is_known_to_follow_is_joined_whatever_the_clock_says():
    line = ReferenceLine(1000)
    for i in range(5):
        line.put(frame(1.0 + 0.13 * i, [i + 1] * 100, 1000), joined=i > 0)
    np.testing.assert_array_equal(line.take(0, 500), np.repeat([1, 2, 3, 4, 5], 100))


def slowly(pcm, place, count, step):
    """A windowed sinc, sample by sample."""
    out = np.zeros(count)
    for i in range(count):
        at = place + i * step
        n = np.arange(int(np.floor(at)) - 15, int(np.floor(at)) + 17)
        window = np.i0(8 * np.sqrt(np.maximum(1 - ((n - at) / 16) ** 2, 0))) * (np.abs(n - at) < 16)
        taps = np.sinc(n - at) * window
        out[i] = np.sum(pcm[n] * taps) / np.sum(taps)
    return out


@pytest.mark.parametrize(("place", "step"), [(400.25, 1.0), (400.5, 1.0001), (1000.77, 0.9999)])
def test_between_samples(place, step):
    t = np.arange(3200) / RATE_HZ
    pcm = np.round(9000 * np.sin(2 * np.pi * 440 * t) + 6000 * np.sin(2 * np.pi * 3100 * t)).astype(np.int16)
    out = line_of(pcm).take(place, 640, step)
    assert np.abs(out - slowly(pcm, place, 640, step)).max() < 30
    at_s = (place + step * np.arange(640)) / RATE_HZ
    true = 9000 * np.sin(2 * np.pi * 440 * at_s) + 6000 * np.sin(2 * np.pi * 3100 * at_s)
    assert np.abs(out - true).max() < 60


# --- two clocks ------------------------------------------------------------------------------------------------------


def measured(rng, count, ppm, jitter_ms, offset=1000.3):
    """What a smoothed clock says of each frame, and the truth."""
    clock, true = DeviceClock(RATE_HZ), offset + np.arange(count) * FRAME * ppm * 1e-6
    for i in range(count):
        at_s = clock.measure(i * FRAME, i * FRAME / RATE_HZ + rng.normal(0, jitter_ms * 1e-3))
        yield true[i] + (at_s * RATE_HZ - i * FRAME), true[i]


@pytest.mark.parametrize(("ppm", "jitter_ms", "soon"), [(50, 0.3, 3200), (100, 1.0, 3200), (-50, 2.0, 5500)])
def test_a_drift_is_found_and_the_place_stays_where_it_is(ppm, jitter_ms, soon):
    alignment = DriftEstimator()
    errors = [alignment.step(z) - true for z, true in measured(np.random.default_rng(3), 8000, ppm, jitter_ms)]
    assert np.ptp(errors[soon:]) < 8 and np.abs(errors).max() < 160
    assert alignment.drift == pytest.approx(FRAME * ppm * 1e-6, abs=FRAME * 3e-6) and alignment.jumps <= 1


@pytest.mark.parametrize("jitter_ms", [0.0, 1.0, 10.0])
def test_jitter_alone_moves_nothing(jitter_ms):
    alignment = DriftEstimator()
    places = [alignment.step(z) for z, _ in measured(np.random.default_rng(5), 6000, 0.0, jitter_ms)]
    assert alignment.drift == 0.0 and len(set(places[2500:])) == 1
    assert alignment.jitter == pytest.approx(1.6 * jitter_ms, rel=0.5, abs=0.1), "a tenth is left by the smoothing"


def test_a_device_that_stood_still_is_followed_at_once_and_lost_sound_soon():
    alignment = DriftEstimator()
    for _ in range(800):
        alignment.step(100.0)
    for _ in range(3):
        place = alignment.step(100.0 + 800)
    assert place == 900 and alignment.jumps == 1
    for _ in range(60):
        place = alignment.step(900.0 + 100)
    assert place == 1000 and alignment.jumps == 2


def test_a_drift_is_found_though_sound_is_lost_again_and_again():
    alignment, lost = DriftEstimator(), 0.0
    for i in range(8000):
        lost += 700.0 if i % 1000 == 999 else 0.0
        alignment.step(0.02 * i + lost)
    assert alignment.drift == pytest.approx(0.02, rel=0.1) and alignment.settled and alignment.jumps >= 7


def test_a_drift_of_300_ppm_is_found():
    alignment = DriftEstimator()
    errors = [alignment.step(z) - true for z, true in measured(np.random.default_rng(3), 6000, 300, 0.5)]
    assert alignment.drift == pytest.approx(FRAME * 300e-6, rel=0.02) and np.ptp(errors[4500:]) < 8


def test_a_card_that_stood_still_shows_as_silence():
    settings = SpeakerSettings(backend="fake", played_frame_s=0.01, silent_frame_s=0.01)
    framer, loud = PlayedFramer(settings), np.full(240, 1000, np.int16)
    for at_s in (1.0, 1.01, 1.05, 1.06):
        framer.add(loud, at_s)
    frames = list(framer.frames())
    assert [bool(each.pcm.any()) for each in frames] == [True, True, False, False, False, True, True]
    assert [each.steady_ns * 1e-9 for each in frames] == pytest.approx([1 + 0.01 * i for i in range(7)])


def test_one_late_frame_moves_nothing():
    alignment = DriftEstimator()
    for _ in range(500):
        alignment.step(100.0)
    assert alignment.step(1900.0) == 100 and alignment.step(100.0) == 100 and alignment.jumps == 0


def test_frames_without_a_measurement_go_on_as_before():
    alignment = DriftEstimator()
    for i in range(3500):
        alignment.step(0.02 * i)
    before = alignment.step(None)
    for _ in range(100):
        place = alignment.step(None)
    assert place - before == pytest.approx(2.0, abs=0.1)


def test_a_room_is_learnt_by_devices_of_two_clocks_that_jitter():
    """60 ppm and 0.5 ms: read by the instants alone, the model takes 4 dB; with clocks that agree it would take 30."""
    rng, count, ppm = np.random.default_rng(4), 4600, 60e-6
    fine = 8  # played sound on a finer grid, so that the microphone may hear it at any instant
    played = np.convolve(rng.normal(0, 1, count * FRAME + 8000), np.hanning(5) / 2, "same")
    room = rng.normal(0, 0.3, 800) * np.exp(-np.arange(800) / 150)
    echo = np.convolve(played, room)[: len(played)]
    spectrum = np.fft.rfft(echo)
    wide = np.fft.irfft(np.pad(spectrum, (0, (fine - 1) * len(echo) // 2)), fine * len(echo)) * fine
    heard = np.interp(np.arange(count * FRAME) * (1 + ppm) * fine, np.arange(len(wide)), wide)
    pcm = np.clip(np.round(played * 3000), -32768, 32767).astype(np.int16)
    line, alignment, model = ReferenceLine(RATE_HZ), DriftEstimator(), LinearEcho(FRAME, RATE_HZ, 0.1)
    speaker, mic, taken_db = DeviceClock(RATE_HZ), DeviceClock(RATE_HZ), []
    for i in range(count - 4):
        place = i * FRAME
        true_s = place / RATE_HZ / (1 + ppm) + rng.normal(0, 0.5e-3)
        line.put(frame(9.0 + speaker.measure(place, true_s), pcm[place : place + FRAME]), joined=i > 0)
        if i < 4:
            continue
        at = (i - 4) * FRAME
        at_s = 9.0 + mic.measure(at, at / RATE_HZ + rng.normal(0, 0.5e-3))
        offset = alignment.step(line.place(at_s + 0.02) - at)
        reference = line.take(at + offset, FRAME, 1 + alignment.drift / FRAME) / 32768
        near = heard[at : at + FRAME] * 3000 / 32768
        rest = model.step(reference, near)
        taken_db.append(10 * np.log10(np.mean(near**2) / np.mean(rest**2)))
    assert np.median(taken_db[4000:]) > 17
