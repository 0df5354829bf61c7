"""The linear model of a room, and the choice between it and WebRTC's canceller, on made-up rooms."""

import numpy as np
import pytest

from avatar_ros.aec.kalman_filter import LinearEcho
from avatar_ros.audio.base import Block
from avatar_ros.audio.low_latency_resampler import LowLatencyResampler
from avatar_ros.core.rates import LISTENING_RATE_HZ
from avatar_ros.core.types import AudioFrame
from avatar_ros.mic.base import MicSettings
from avatar_ros.mic.stage import LONGEST_HOLD_S, MicStage

BLOCK = 320


def db(sound):
    return 10 * np.log10(np.mean(np.square(sound)) + 1e-12)


def room(rng, length=1600):
    return rng.normal(0, 0.3, length) * np.exp(-np.arange(length) / 400)


def through(model, reference, heard):
    steps = range(0, len(heard), BLOCK)
    return np.concatenate([model.step(reference[i : i + BLOCK], heard[i : i + BLOCK]) for i in steps])


def test_learns_a_room_and_leaves_a_person_whole():
    rng = np.random.default_rng(0)
    count = BLOCK * 200
    reference = rng.normal(0, 0.1, count) * (1 + np.sin(np.arange(count) / 3000))
    echo = np.convolve(reference, room(rng))[:count]
    person = np.zeros(count)
    person[BLOCK * 150 :] = 0.1 * np.sin(np.arange(BLOCK * 50) / 7)
    out = through(LinearEcho(BLOCK, LISTENING_RATE_HZ), reference, echo + person)
    alone, both = slice(BLOCK * 100, BLOCK * 150), slice(BLOCK * 150, count)
    assert db(echo[alone]) - db(out[alone]) > 20
    assert db(out[both] - person[both]) < db(person[both]) - 10


def test_learns_nothing_from_silence():
    model = LinearEcho(BLOCK, LISTENING_RATE_HZ)
    voice = np.random.default_rng(1).normal(0, 0.1, BLOCK * 20)
    assert np.array_equal(through(model, np.zeros(len(voice)), voice), voice)


@pytest.mark.parametrize("rate_hz", [16000, 24000, 48000, 22050, 44100])
def test_any_rate_becomes_the_microphones(rate_hz):
    to = LowLatencyResampler(rate_hz)
    tone = np.sin(2 * np.pi * 500 * np.arange(rate_hz) / rate_hz)
    out = np.concatenate([to.push(piece) for piece in np.array_split(tone, 50)])
    assert len(out) == pytest.approx(LISTENING_RATE_HZ, abs=3)
    middle = out[4000:12000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * LISTENING_RATE_HZ / len(middle) == pytest.approx(500, abs=2)
    assert np.abs(middle).max() == pytest.approx(1.0, abs=0.1)


def test_the_better_frames_say_whether_the_room_is_known():
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    from avatar_ros.aec.webrtc import EchoChoice

    choice = EchoChoice()
    assert not any(choice.is_somebody(0.01, 0.01, 0.001, 0.009) for _ in range(100)), "nothing learnt"
    assert not any(choice.is_somebody(0.01, 0.01, 0.01, 0.01 / 100) for _ in range(200)), "echo alone: 20 dB taken"
    found = [choice.is_somebody(0.01, 0.02, 0.01, 0.01) for _ in range(20)]
    assert all(found[3:]), "somebody speaks as loudly"
    assert not any([choice.is_somebody(0.01, 0.01, 0.001, 0.009) for _ in range(250)][-50:]), "the room has changed"


def test_what_is_left_of_a_loud_echo_is_nobody():
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    from avatar_ros.aec.webrtc import EchoChoice

    choice = EchoChoice()
    for _ in range(200):
        choice.is_somebody(0.01, 0.01, 0.01, 0.01 / 100)
    dying = [choice.is_somebody(0.0, 3e-4, 2e-4, 1e-4) for _ in range(12)]
    assert not any(dying), "5 dB taken of what is 20 dB softer than the echo just was"
    assert any(choice.is_somebody(0.0, 3e-3, 2e-4, 2.9e-3) for _ in range(4)), "somebody is louder than that"


def _conversation(seconds, person):
    """What a canceller makes of its loudspeaker's noise in a room, and of a `person` over it: [frames, BLOCK]."""
    from avatar_ros.aec.webrtc import WebRtcEcho

    rng, echo = np.random.default_rng(3), WebRtcEcho()
    count = round(seconds * LISTENING_RATE_HZ) // BLOCK * BLOCK
    loud = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(count) / LISTENING_RATE_HZ)
    played = np.round(3000 * loud * rng.normal(0, 1, count)).astype(np.int16)
    heard = 0.3 * np.convolve(played, room(rng, 800))[:count] + person[:count]
    heard, out = np.clip(np.round(heard), -32768, 32767).astype(np.int16), []
    for first in range(-4 * BLOCK, count, BLOCK):
        ahead = first + 4 * BLOCK  # it is told before it is heard
        pcm, steady_ns = played[ahead : ahead + BLOCK], round(ahead * 1e9 / LISTENING_RATE_HZ)
        echo.played(AudioFrame(pcm=pcm, sample_rate_hz=LISTENING_RATE_HZ, first_sample=ahead, steady_ns=steady_ns))
        if first >= 0:
            out.append(echo.treat(Block(heard[first : first + BLOCK], first / LISTENING_RATE_HZ)))
    return np.array(out, float), echo.status()


def test_a_person_is_soft_until_the_room_is_known_and_whole_then():
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    from avatar_ros.aec.webrtc import SLOW_S, UNTRIED_DB, UNTRIED_S

    seconds = SLOW_S + 4.0
    times = np.arange(round(seconds * LISTENING_RATE_HZ)) / LISTENING_RATE_HZ
    speaks = ((times > UNTRIED_S - 2) & (times < UNTRIED_S - 1)) | (times > seconds - 1)
    person = 3000 * np.random.default_rng(4).normal(0, 1, len(times)) * speaks
    out, status = _conversation(seconds, person)
    power_db = db(person[speaks])
    early = out[round((UNTRIED_S - 1.5) * 50) : round((UNTRIED_S - 1) * 50)]
    assert db(early) < power_db + UNTRIED_DB + 1
    assert db(out[-25:]) > power_db - 3
    alone = out[round((seconds - 1.5) * 50) : round((seconds - 1) * 50)]
    assert db(alone) < power_db - 40, "the echo alone"
    assert float(status["echo_taken_db"]) > 20 and status["clock_drift_ppm"] in ("0", "-0")
    assert status["clock_jumps"] == "0"


def _tried_at(distortion, person_s):
    """When the model is believed: from a loudspeaker that distorts, with a person who talks in between."""
    from avatar_ros.aec.webrtc import WebRtcEcho

    rng, echo, believed = np.random.default_rng(5), WebRtcEcho(), []
    frames = 700
    played = np.round(3000 * rng.normal(0, 1, (frames + 4) * BLOCK)).clip(-9000, 9000)
    crooked = played + distortion * 3000 * np.abs(played / 3000)
    heard = 0.3 * np.convolve(crooked - crooked.mean(), room(rng, 800))[: frames * BLOCK]
    begin, end = (round(at_s * LISTENING_RATE_HZ) for at_s in person_s)
    heard[begin:end] += 6000 * rng.normal(0, 1, end - begin)
    heard = np.clip(np.round(heard), -32768, 32767).astype(np.int16)
    for number in range(-4, frames):
        ahead = (number + 4) * BLOCK
        pcm, steady_ns = played[ahead : ahead + BLOCK].astype(np.int16), round(ahead * 1e9 / LISTENING_RATE_HZ)
        echo.played(AudioFrame(pcm=pcm, sample_rate_hz=LISTENING_RATE_HZ, first_sample=ahead, steady_ns=steady_ns))
        if number >= 0:
            at = number * BLOCK
            echo.treat(Block(heard[at : at + BLOCK], at / LISTENING_RATE_HZ))
            believed.append(echo._tried)
    return believed, float(echo.status()["echo_taken_db"])


def test_a_model_that_takes_little_is_given_longer_and_one_that_was_believed_stays_so():
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    from avatar_ros.aec.webrtc import SLOW_S, SURE_DB, UNTRIED_S, EchoChoice

    believed, taken_db = _tried_at(0.3, (13.5, 13.6))
    assert EchoChoice.TRUST_DB < taken_db < SURE_DB, "or this tests nothing"
    assert believed.index(True) == pytest.approx(50 * SLOW_S, abs=3)
    believed, _ = _tried_at(0.0, (7.0, 11.5))
    first = believed.index(True)
    assert first == pytest.approx(50 * UNTRIED_S, abs=3)
    assert all(believed[first:]), "also while a person talks too, and it seems to take less"


class _Heard:
    paced = True

    def __init__(self):
        self.blocks = []

    def load(self):
        """Nothing."""

    def open(self, now_s, wake):
        """Nothing."""

    def read(self, now_s):
        blocks, self.blocks = self.blocks, []
        return blocks

    def mood(self, speaking, now_s):
        """Nothing."""

    def status(self):
        return {}

    def close(self):
        """Nothing."""


class _Waiting:
    """An echo treatment that knows what was played up to `until_s`."""

    name, warning, until_s = "test", "", 0.0

    def played(self, frame):
        self.until_s = frame.steady_ns * 1e-9

    def ready(self, frame):
        return frame.at_s < self.until_s

    def treat(self, frame):
        return frame.pcm

    def status(self):
        return {}


def test_a_frame_waits_for_its_reference_but_not_for_long():
    mic, settings = _Heard(), MicSettings(backend="fake", echo="off")
    stage = MicStage(settings, mic, _Waiting())
    mic.blocks = [Block(np.ones(320, np.int16), 1.0), Block(np.ones(320, np.int16), 1.02)]
    assert not list(stage.tick(1.04)), "it is not known yet what was played"
    played = AudioFrame(session=settings.session, steady_ns=round(1.01e9))
    assert len(list(stage.push("speech/played", played, 1.045))) == 1
    assert not list(stage.tick(1.05))
    late = list(stage.tick(1.04 + LONGEST_HOLD_S + 0.001))
    assert [out.message.first_sample for out in late] == [320], "a loudspeaker that says nothing makes nobody deaf"
