"""The measuring of interruptions: rooms, clips, and when a loudspeaker is down, on sounds that are known."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from avatar_ros.core.types import AudioFrame, VoiceActivity
from avatar_ros.mic.base import MicSettings
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.testing.acoustic_room import Echo, RoomMic, RoomSpeaker, active_dbfs, at_level, response
from benchmarks.conversation.barge_in import ROOMS, USER_DBFS, Over, OwnVoice, Scene, summary, time_down, within_limits
from benchmarks.recognition.speech_clips import clips
from recordings import DATA

RATE = 24000


def frame(pcm, at_s):
    return AudioFrame(pcm=np.asarray(pcm, np.int16), sample_rate_hz=RATE, steady_ns=round(at_s * 1e9))


def test_the_loudspeaker_is_down_when_it_stays_down():
    loud, quiet = np.full(RATE // 10, 5000), np.full(RATE // 10, 20)  # -48 dB
    pieces = [loud, loud, quiet, loud, quiet, quiet, quiet, quiet, quiet, quiet]
    played = [frame(piece, 0.1 * i) for i, piece in enumerate(pieces)]
    assert time_down(played, 0.15) == pytest.approx(0.4, abs=0.006), "the pause of 0.1 s at 0.2 s does not count"
    soft = [frame(loud, 0.0), *(frame(np.full(RATE // 10, 100), 0.1 * i) for i in range(1, 9))]  # -34 dB
    assert np.isnan(time_down(soft, 0.05))


NAN = float("nan")


@pytest.mark.parametrize(
    ("pauses", "over_ms", "good"),
    [
        (0, [(150.0, 200.0, 700.0)] * 10, True),
        (1, [(150.0, 200.0, 700.0)] * 10, False),  # its own voice stopped it
        (0, [(150.0, 200.0, 700.0)] * 8 + [(NAN, NAN, NAN)] * 2, False),  # two of ten were not heard
        (0, [(150.0, 420.0, 700.0)] * 10, False),  # the loudspeaker was down too late
        (0, [], True),  # nobody spoke over it: only its own voice was measured
    ],
)
def test_the_limits_of_a_run(pauses, over_ms, good):
    own = [OwnVoice("rir1", 5.0, pauses, 0)]
    over = [Over("rir1", "a", True, 2.0, *figures) for figures in over_ms]
    assert within_limits(summary(own, over)) is good


def test_a_loudspeaker_that_distorts_adds_the_harmonics_that_were_asked_for():
    times = np.arange(16000) / 16000
    echo = Echo(np.ones(1, np.float32), 16000, 0.05)
    echo.add(np.round(32767 * np.sin(2 * np.pi * 400 * times)).astype(np.int16))
    spectrum = np.abs(np.fft.rfft(echo.take(12000)[4000:])) / 4000
    assert spectrum[[200, 400, 600, 800]] == pytest.approx([1.0, 0.05, 0.05, 0.0], abs=0.002)


def test_levels_leave_pauses_out():
    rng = np.random.default_rng(0)
    speech = np.concatenate([rng.normal(0, 0.1, 16000), np.zeros(32000)]).astype(np.float32)
    assert active_dbfs(speech) == pytest.approx(-20, abs=0.3)
    assert active_dbfs(at_level(speech, -26.0)) == pytest.approx(-26, abs=0.01)


def test_an_echo_is_the_sound_convolved_with_the_room():
    rng = np.random.default_rng(1)
    taps = (rng.normal(0, 0.2, 1000) * np.exp(-np.arange(1000) / 200)).astype(np.float32)
    sound = rng.normal(0, 3000, 16000).astype(np.int16)
    echo = Echo(taps, 16000)
    for piece in np.array_split(sound, 37):
        echo.add(piece)
    expected = np.convolve(sound / 32768, taps)[:15000]
    assert echo.take(15000) == pytest.approx(expected, abs=1e-5)


def test_the_microphone_hears_the_echo_when_it_is_heard_and_the_person_when_he_speaks():
    speaker = RoomSpeaker(SpeakerSettings(backend="fake"))
    speaker.load()
    delayed = np.zeros(161, np.float32)
    delayed[160] = 0.5  # 10 ms, -6 dB
    mic = RoomMic(MicSettings(backend="fake"), speaker, Echo(delayed, RATE))
    speaker.open(lambda count, at_s: np.full(count, 8000 if at_s >= 1.2 else 0, np.int16), 1.0)
    mic.open(1.0, lambda: None)
    mic.say(1.6, np.full(800, 0.1, np.float32))
    heard = []
    for i in range(50):
        speaker.pump(1.0 + 0.02 * i)
        heard += mic.read(1.0 + 0.02 * i)
    sound = np.concatenate([block.pcm for block in heard])
    start = np.flatnonzero(sound > 2000)[0] / 16000
    assert start == pytest.approx(0.2 + 0.01, abs=0.03)
    assert np.median(sound[6000:9000]) == pytest.approx(4000, rel=0.02)
    assert np.median(sound[9650:10350]) == pytest.approx(4000 + 3277, rel=0.02)


def test_recordings_are_cut_at_pauses(tmp_path):
    rng = np.random.default_rng(2)
    word, pause = rng.normal(0, 3000, 16000 * 3 // 2), rng.normal(0, 5, 8000)
    sound = np.concatenate([pause, word, pause, word, pause, word[:4000], pause]).astype("<i2")
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    found = clips(tmp_path, -26.0)
    assert [clip.name for clip in found] == ["x.0", "x.1"] and all(clip.begins for clip in found)
    assert [clip.length_s for clip in found] == pytest.approx([1.57, 1.57], abs=0.05)
    assert [clip.onset_s for clip in found] == pytest.approx([0.03, 0.03], abs=0.012)


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data or $AVATAR_ROS_TEST_DATA")
def test_its_own_voice_in_a_room_is_no_voice(tmp_path):
    for library in ("livekit", "onnxruntime", "pocketsphinx"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    scene = Scene(response(DATA / "acoustics" / f"{ROOMS[1]}.wav"), USER_DBFS - 6.0, tmp_path)
    scene.keep_talking()
    heard = [r.message for r in scene.step(4.0) if isinstance(r.message, VoiceActivity)]
    scene.close()
    assert scene.playing and not heard
