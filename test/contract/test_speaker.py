"""Every loudspeaker through the stage; the real PortAudio path against a sound server of one's own."""

import subprocess

import numpy as np
import pytest

from avatar_ros.core.enums import PlaybackState
from avatar_ros.core.errors import ConfigError, SpeakerError, UnknownBackendError
from avatar_ros.core.types import AudioFrame, Expression, PlaybackClock, SpeechChunk
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.stage import build_speaker
from benchmarks.lib.sound_card import MonitorRecorder
from benchmarks.lips.sync_statistics import click_samples, heard_origin_s
from contract import sound_server

RATE = 24000
needs_server = pytest.mark.skipif(bool(sound_server.missing()), reason=sound_server.missing() or "-")


@pytest.fixture(params=["null", "fake"])
def stage(request):
    made = build_speaker(SpeakerSettings(backend=request.param))
    made.load()
    yield made
    made.close()


def run(stage, now_s, seconds):
    out = []
    for _ in range(round(seconds / 0.02)):
        now_s += 0.02
        out += [o.message for o in stage.tick(now_s)]
    return out


def test_plays_a_turn_and_says_when(stage):
    out = run(stage, 5.0, 0.1)
    pcm = np.arange(1, 12001).astype(np.int16)
    for message, topic in (
        (Expression(turn=3), "motion/expression"),
        (SpeechChunk(turn=3, pcm=pcm, turn_end=True), "speech/audio"),
    ):
        out += [o.message for o in stage.push(topic, message, 5.1)]
    out += run(stage, 5.1, 1.0)
    clocks = [m for m in out if isinstance(m, PlaybackClock)]
    assert {c.turn for c in clocks} == {3}
    assert [clocks[0].state, clocks[-1].state] == [PlaybackState.PLAYING, PlaybackState.ENDED]
    assert clocks[-1].sample == 12000
    assert (clocks[-1].steady_ns - clocks[0].steady_ns) * 1e-9 == pytest.approx(0.5, abs=1e-6)
    played = np.concatenate([m.pcm for m in out if isinstance(m, AudioFrame)])
    np.testing.assert_array_equal(played[played != 0], pcm)


def test_wrong_rate_is_refused_and_the_next_turn_plays(stage):
    run(stage, 5.0, 0.1)
    with pytest.raises(SpeakerError, match="48000"):
        list(stage.push("speech/audio", SpeechChunk(turn=1, sample_rate_hz=48000, pcm=np.ones(9, np.int16)), 5.1))
    list(stage.push("speech/audio", SpeechChunk(turn=2, pcm=np.ones(9600, np.int16), turn_end=True), 5.1))
    out = run(stage, 5.1, 1.0)
    assert out[-1] is not None and any(isinstance(m, PlaybackClock) and m.turn == 2 for m in out)


def test_unknown_backend():
    with pytest.raises(UnknownBackendError, match="null"):
        build_speaker(SpeakerSettings(backend="gramophone"))


@needs_server
def test_card_that_was_asked_for_and_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="gramophone") as caught:
        build_speaker(SpeakerSettings(backend="sounddevice", device="gramophone")).load()
    assert caught.value.code == "no_loudspeaker"


def test_auto_speaks_silently_where_there_is_no_such_card():
    stage = build_speaker(SpeakerSettings(backend="auto", device="gramophone"))
    stage.load()
    out = run(stage, 5.0, 1.0)
    assert sum(len(m.pcm) for m in out) == pytest.approx(RATE, abs=RATE // 5)
    assert "silent" in stage.status()["warning"]
    stage.close()


@needs_server
@pytest.mark.parametrize("rate_hz", [48000, 44100])
def test_real_card_path_keeps_time(tmp_path, rate_hz):
    with sound_server.sound_server(tmp_path, rate_hz) as (env, _):
        env["PULSE_LATENCY_MSEC"] = "10"  # which would silence ALSA's plugin for good, if it were heeded
        monitor = MonitorRecorder(rate_hz, env)
        found = sound_server.run(env, "play")
        blocks = monitor.stop()
    assert found["status"]["device"] == "default" and found["ended"]
    if "underruns" in found["status"] or "overruns" in found["mic_status"]:
        pytest.skip("the computer was too busy for sound: " + str(found))
    assert found["clicks"] == 6
    # The microphone hears a null sink's monitor when sound is rendered, not when it is heard: that must stand still.
    assert np.ptp(found["errors_ms"]) < 40 and np.abs(found["errors_ms"]).max() < 150
    assert found["pause_ms"] < 300
    origin_s, _ = heard_origin_s(blocks)
    heard_s = origin_s + click_samples(blocks, share=0.6)[:6] / rate_hz
    assert np.median(np.abs(heard_s - found["expected_s"])) < 0.02, "what the clock said, and what was heard"


@needs_server
def test_card_that_hangs_is_opened_again_with_a_longer_buffer(tmp_path):
    with sound_server.sound_server(tmp_path, 48000) as (env, server):
        found = sound_server.run(env, "freeze", str(server.pid))
    assert "hung" not in found["before"]
    assert int(found["after"]["hung"]) >= 1 and "warning" not in found["after"]
    assert int(found["after"]["latency_ms"]) > int(found["before"]["latency_ms"])
    assert found["clicks_heard_when_back"]


@needs_server
def test_card_that_vanishes_costs_the_sound_but_not_the_time_and_is_found_again(tmp_path):
    with sound_server.sound_server(tmp_path, 48000) as (env, server):
        try:
            found = sound_server.run(env, "vanish", str(server.pid))
        except subprocess.TimeoutExpired:  # seen in one of ten runs; a stage's thread is lost in the library then
            pytest.skip("the sound library did not come back from a call whose server was killed")
    assert "warning" not in found["before"]
    assert "silent" in found["gone"]["speaker"]["warning"] and "no microphone" in found["gone"]["mic"]["warning"]
    assert found["mic_frames_in_a_second"] == pytest.approx(50, abs=5)
    assert found["played_in_a_second"] == pytest.approx(RATE, abs=0.1 * RATE)
    for status in found["back"].values():
        assert status["device"] == "default" and "warning" not in status
    assert found["clicks_heard_when_back"], "the turn is heard again from the card that came back"
    assert found["states"] == ["PLAYING"], "nobody was told that the voice stopped: it did not"
