"""Where a voice comes from: arrays, the finder against its slow reference and in rooms, what is heard of an array."""

import wave

import numpy as np
import pytest
import soxr

from avatar_ros.audio.base import Block
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.events import VoiceDirection
from avatar_ros.core.types import AudioFrame
from avatar_ros.mic.array_geometry import PRESETS, read_geometry
from avatar_ros.mic.array_listener import ArrayListener, make_listener
from avatar_ros.mic.base import MIC_BACKENDS, MicSettings
from avatar_ros.mic.beam import LATE_SAMPLES, Beam, BestChannel
from avatar_ros.mic.direction_finder import WINDOW, DirectionFinder, steered_power, steering_grid
from avatar_ros.mic.direction_reference import steered_power_reference
from avatar_ros.mic.stage import build_mic
from avatar_ros.testing.settings import split
from avatar_ros.testing.spoken_questions import RATE_HZ, speak
from unit.mic.array_rooms import LEAD_S, room_recording

FRAME = 320


@pytest.fixture(scope="module")
def voice():
    return soxr.resample(speak(["Hello, can you help me please?"])[0].astype(float), RATE_HZ, 16000)


def found(listener, sound):
    """What the listener tells of the sound, block by block."""
    told = []
    for start in range(0, len(sound) - FRAME + 1, FRAME):
        _, direction = listener.hear(Block(sound[start : start + FRAME], 50 + start / 16000), own_voice=False)
        told += [direction] if direction is not None else []
    return told


def listener(array, **settings):
    return make_listener(MicSettings(array=array, **settings))


@pytest.mark.parametrize("array, azimuth_deg", [
    ("pair", -40), ("pair", 35), ("respeaker_usb_4", 62), ("respeaker_4", -70), ("respeaker_6", 10)
])  # fmt: skip
def test_a_voice_in_a_room_is_found(voice, array, azimuth_deg):
    told = found(listener(array), room_recording(voice, array, azimuth_deg))
    errors = [abs(np.degrees(one.azimuth_rad) - azimuth_deg) for one in told]
    assert len(told) >= 5
    assert np.median(errors) < 10
    assert all(one.frame_id == "avatar_body" and 0.3 <= one.sureness <= 1 and one.spread_rad >= 0 for one in told)
    assert all(one.steady_ns > (50 + LEAD_S) * 1e9 for one in told)  # nothing is told of silence


def test_who_speaks_behind_a_ring_is_found_behind(voice):
    told = found(listener("respeaker_6"), room_recording(voice, "respeaker_6", 160, distance_m=0.6))
    assert np.median([abs(np.degrees(one.azimuth_rad)) for one in told]) == pytest.approx(160, abs=10)


def test_a_turned_array_tells_the_avatars_azimuth(voice):
    told = found(listener("respeaker_4", array_yaw_deg=90.0), room_recording(voice, "respeaker_4", -60))
    assert np.median([np.degrees(one.azimuth_rad) for one in told]) == pytest.approx(30, abs=10)


def test_noise_without_a_voice_has_no_direction():
    noise = np.random.default_rng(2).normal(0, 300, (32000, 4)).astype(np.int16)
    assert found(listener("respeaker_4"), noise) == []


def test_the_fast_sum_is_the_slow_one():
    geometry = PRESETS["respeaker_4"]
    grid = steering_grid(geometry.positions, geometry.linear)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / 16000)
    band = np.arange(20, 380, 9)
    rng = np.random.default_rng(3)
    cross = rng.uniform(0, 1, (6, len(band))) * np.exp(2j * np.pi * rng.uniform(size=(6, len(band))))
    at = grid.delays * 16000 * 4
    lag = np.floor(at).astype(int)
    fast = steered_power(cross, band, (lag, at - lag), np.arange(6))
    slow = steered_power_reference(cross, frequencies[band], grid)
    assert np.abs(fast - slow).max() < 0.05 * np.abs(slow).max()
    assert fast.argmax() == slow.argmax()


def test_a_new_speaker_is_found_where_they_are(voice):
    one = room_recording(voice, "respeaker_6", 50)
    other = room_recording(voice, "respeaker_6", -50)
    told = found(listener("respeaker_6"), np.concatenate([one, other]))
    assert np.degrees(told[-1].azimuth_rad) == pytest.approx(-50, abs=10)


@pytest.mark.parametrize("array, channels", [
    ("nonsense", ""), ("0 0 0", ""), ("0 0 0; 0 0", ""), ("0 0 0; 0 0 0", ""), ("0 0 0; 0 9 0", ""),
    ("0 0 0; nan 0 0", ""), ("pair", "0"), ("pair", "0 0"), ("pair", "0 x"), ("pair", "0 1 2"),
])  # fmt: skip
def test_arrays_that_cannot_be_are_named(array, channels):
    with pytest.raises(ConfigError, match="array"):
        read_geometry(array, channels)


def test_positions_and_channels_of_ones_own():
    geometry = read_geometry("0 0.04 0; 0 -0.04 0; 0.07 0 0", "3 1 0")
    assert geometry.channels == (3, 1, 0) and not geometry.linear
    assert read_geometry("0 0.04 0; 0 -0.04 0").linear


def test_a_single_microphone_has_no_listener():
    assert make_listener(MicSettings()) is None


def test_a_beam_adds_up_what_comes_from_its_direction():
    geometry = PRESETS["respeaker_6"]
    azimuth = np.radians(40)
    rng = np.random.default_rng(4)
    source = soxr.resample(rng.normal(0, 1000, 4000), 8000, 16000)
    t = np.arange(1000, 7000)
    earlier = geometry.positions @ [np.cos(azimuth), np.sin(azimuth), 0] / 343 * 16000
    mics = np.stack([np.interp(t + d, np.arange(len(source)), source) for d in earlier], axis=1)
    mics = (mics + rng.normal(0, 500, mics.shape)).astype(np.int16)
    beam = Beam(geometry.positions)
    beam.aim(azimuth)
    heard = np.concatenate([beam.hear(mics[i : i + FRAME], steered=True) for i in range(0, 5760, FRAME)])
    wanted = source[1000 - LATE_SAMPLES : 1000 - LATE_SAMPLES + len(heard)]
    noise_of = [np.std((sound - wanted)[FRAME:]) for sound in (heard, mics[: len(heard), 0])]
    assert noise_of[0] < 0.6 * np.std(mics[LATE_SAMPLES:5760, 0] - source[1000 : 1000 + 5760 - LATE_SAMPLES])


def test_an_unsteered_beam_is_the_first_microphone_a_little_later():
    mics = np.random.default_rng(5).normal(0, 1000, (3200, 2)).astype(np.int16)
    beam = Beam(PRESETS["pair"].positions)
    beam.aim(1.0)
    heard = np.concatenate([beam.hear(mics[i : i + FRAME], steered=False) for i in range(0, 3200, FRAME)])
    np.testing.assert_array_equal(heard[LATE_SAMPLES:], mics[:-LATE_SAMPLES, 0])


def test_a_microphone_that_hears_nothing_is_left():
    rng = np.random.default_rng(6)
    best = BestChannel(2)
    for i in range(200):
        voiced = i % 20 > 10
        mics = rng.normal(0, 50, (FRAME, 2)) + (rng.normal(0, 1000, (FRAME, 1)) * [0.05, 1.0] if voiced else 0)
        best.hear(mics.astype(np.int16), voiced=voiced, steered=True)
    assert best.channel == 1


def write_wav(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setparams((sound.shape[1], 2, 16000, 0, "NONE", ""))
        file.writeframes(sound.astype("<i2").tobytes())
    return str(path)


def run(stage, seconds):
    outs = []
    for i in range(round(seconds / 0.02)):
        outs += stage.tick(10 + 0.02 * i)
    return outs


def file_stage(path, **settings):
    more = {"files": (path,), "ready_wait_s": 0.0, "start_delay_s": 0.0, **settings}
    stage = build_mic(*split(MIC_BACKENDS, MicSettings, backend="file", **more))
    stage.load()
    return stage


@pytest.mark.parametrize("hear", ["beam", "best", "first"])
def test_the_stage_hears_an_array_as_one_and_tells_the_direction(voice, tmp_path, hear):
    path = write_wav(tmp_path / "room.wav", room_recording(voice, "respeaker_4", 45))
    outs = run(file_stage(path, array="respeaker_4", array_hear=hear), 5.0)
    told = [out.message for out in outs if out.topic == "mic/direction"]
    frames = [out.message for out in outs if out.topic == "mic/audio"]
    assert np.median([np.degrees(one.azimuth_rad) for one in told]) == pytest.approx(45, abs=10)
    assert [frame.first_sample for frame in frames] == [FRAME * i for i in range(len(frames))]
    assert all(frame.pcm.shape == (FRAME,) and frame.channels == 1 for frame in frames)
    assert max(np.abs(frame.pcm).max() for frame in frames) > 2000


def test_its_own_voice_has_no_direction(voice, tmp_path):
    path = write_wav(tmp_path / "room.wav", room_recording(voice, "respeaker_4", 45))
    stage = file_stage(path, array="respeaker_4")
    told = []
    for i in range(200):
        now_s = 10 + 0.02 * i
        told += [out for out in stage.tick(now_s) if isinstance(out.message, VoiceDirection)]
        loud = AudioFrame(pcm=np.full(480, 1000, np.int16), sample_rate_hz=24000, steady_ns=round(now_s * 1e9))
        list(stage.push("speech/played", loud, now_s))
    assert told == []


def test_a_file_without_the_channels_is_named(tmp_path):
    path = write_wav(tmp_path / "two.wav", np.full((3200, 2), 100))
    with pytest.raises(ConfigError, match=r"two\.wav has 2 channels"):
        file_stage(path, array="respeaker_4")


def test_silence_in_place_of_a_lost_card_passes():
    one = ArrayListener(MicSettings(array="pair"), PRESETS["pair"])
    block = Block(np.zeros(FRAME, np.int16), 1.0)
    assert one.hear(block, own_voice=False) == (block, None)


def test_finding_forgets():
    finder = DirectionFinder(PRESETS["pair"].positions, linear=True)
    assert finder.estimate() is None
