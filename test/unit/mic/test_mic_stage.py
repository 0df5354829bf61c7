"""The microphone's stream of frames, questions from files, half duplex."""

import struct

import numpy as np
import pytest

from avatar_ros.aec.base import HalfDuplex, NoEcho
from avatar_ros.audio.base import Block
from avatar_ros.audio.framer import Framer
from avatar_ros.core.enums import AgentState
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.core.events import AvatarState
from avatar_ros.core.types import AudioFrame
from avatar_ros.mic.base import MIC_BACKENDS, MicSettings
from avatar_ros.mic.echo import make_echo
from avatar_ros.mic.fake import FakeMic
from avatar_ros.mic.stage import MicStage, build_mic
from avatar_ros.testing.settings import split


def write_wav(path, pcm):
    data = np.asarray(pcm, "<i2").tobytes()
    head = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + head
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip
    return str(path)


class Bench:
    """A mic stage and a clock moved by hand."""

    def __init__(self, stage):
        self.stage = stage
        self.now_s = 50.0
        self.frames = []
        stage.load()
        self.run(0)

    def run(self, seconds, step_s=0.02):
        for _ in range(round(seconds / step_s) or 1):
            self.now_s += step_s if seconds else 0
            self.frames += [out.message for out in self.stage.tick(self.now_s)]

    def mood(self, state):
        list(self.stage.push("state", AvatarState(state=state), self.now_s))

    def sound(self):
        return np.concatenate([frame.pcm for frame in self.frames])

    def starts(self):
        """Seconds at which sound begins after at least 0.1 s of silence."""
        loud = np.flatnonzero(self.sound())
        return (loud[np.diff(loud, prepend=-9999) > 1600] / 16000).tolist() if len(loud) else []


@pytest.fixture
def question(tmp_path):
    return write_wav(tmp_path / "q.wav", np.full(8000, 500))


def file_bench(*files, **settings):
    return Bench(build_mic(*split(MIC_BACKENDS, MicSettings, backend="file", files=tuple(files), **settings)))


def test_frames_are_continuous_and_stamped(question):
    bench = file_bench(question)
    bench.run(2.0, step_s=0.013)
    for i, frame in enumerate(bench.frames):
        assert (frame.first_sample, len(frame.pcm), frame.sample_rate_hz) == (320 * i, 320, 16000)
        assert frame.steady_ns == pytest.approx((50.0 + 0.02 * i) * 1e9, abs=10)
    assert len(bench.frames) == pytest.approx(100, abs=1)


def test_file_waits_for_the_dialogue_then_is_heard_once_then_silence(question):
    bench = file_bench(question, start_delay_s=0.5)
    bench.run(3.0)
    assert not bench.sound().any()
    bench.mood(AgentState.IDLE)
    bench.run(20.0)
    assert bench.starts() == [pytest.approx(3.5, abs=0.021)]
    assert np.count_nonzero(bench.sound()) == 8000
    assert len(bench.sound()) == pytest.approx(23 * 16000, abs=320)


def test_file_waits_until_everybody_is_there_who_takes_part(question):
    bench = file_bench(question, start_delay_s=0.5)
    assert bench.stage.awaits_conversation
    bench.stage.missing = frozenset({"asr_node", "tts_node"})
    bench.mood(AgentState.IDLE)
    bench.run(100.0)
    bench.stage.missing = frozenset({"tts_node"})
    bench.run(100.0)
    assert not bench.sound().any() and not bench.stage.finished
    bench.stage.missing = frozenset()
    bench.run(5.0)
    assert bench.starts() == [pytest.approx(200.5, abs=0.041)]


@pytest.mark.parametrize(("missing", "named"), [({"vad_node", "asr_node"}, "asr_node, vad_node"), ((), "state")])
def test_file_does_not_wait_for_ever_but_says_for_whom_it_did(question, missing, named):
    bench = file_bench(question, ready_wait_s=2.0, start_delay_s=0.0)
    bench.stage.missing = frozenset(missing)
    bench.run(1.9)
    assert not bench.stage.finished
    bench.run(0.2)
    assert bench.stage.finished and named in bench.stage.failure
    assert not bench.sound().any()


def test_other_microphones_wait_for_nobody():
    assert not build_mic(MicSettings(backend="none")).awaits_conversation


def test_next_question_waits_for_the_answer(question):
    bench = file_bench(question, question, ready_wait_s=0.0, start_delay_s=0.0, gap_s=1.0)
    bench.run(0.8)
    bench.mood(AgentState.THINKING)
    bench.run(1.0)
    bench.mood(AgentState.SPEAKING)
    bench.run(3.0)
    bench.mood(AgentState.IDLE)
    bench.run(3.0)
    assert bench.starts() == [pytest.approx(0.0, abs=0.021), pytest.approx(5.8, abs=0.05)]


def test_questions_in_quick_succession(question):
    bench = file_bench(question, question, ready_wait_s=0.0, start_delay_s=0.0, gap_s=0.3, wait_for_answer=False)
    bench.run(0.6)
    bench.mood(AgentState.SPEAKING)
    bench.run(3.0)
    assert bench.starts()[1] == pytest.approx(0.8, abs=0.021)


def test_repeat(question):
    settings = {"ready_wait_s": 0.0, "start_delay_s": 0.0, "gap_s": 0.5}
    bench = file_bench(question, repeat=3, **settings)
    bench.run(10.0)
    assert len(bench.starts()) == 3
    bench = file_bench(question, repeat=0, **settings)
    bench.run(10.0)
    assert len(bench.starts()) == 10


def test_file_backend_without_files_or_with_a_bad_one(tmp_path):
    with pytest.raises(ConfigError, match="names none"):
        file_bench()
    with pytest.raises(ConfigError, match=r"gone\.wav"):
        file_bench(str(tmp_path / "gone.wav"))


def test_truncated_file_is_a_warning(tmp_path):
    name = write_wav(tmp_path / "cut.wav", np.full(8000, 500))
    data = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[:-100])
    assert "truncated" in file_bench(name).stage.status()["warning"]


def test_no_microphone_is_silence_and_a_warning():
    bench = Bench(build_mic(MicSettings(backend="none")))
    bench.run(1.0)
    assert len(bench.frames) == 50 and not bench.sound().any()
    assert "hears nothing" in bench.stage.status()["warning"]


def test_stall_is_not_hurried_after():
    bench = Bench(build_mic(MicSettings(backend="none")))
    bench.run(1.0)
    bench.now_s += 100.0
    bench.run(1.0)
    assert len(bench.frames) == pytest.approx(100, abs=2)
    assert bench.frames[-1].steady_ns * 1e-9 == pytest.approx(bench.now_s, abs=0.05)
    assert [f.first_sample for f in bench.frames] == [320 * i for i in range(len(bench.frames))]


def test_unknown_backend_names_the_known_ones():
    with pytest.raises(UnknownBackendError, match="sounddevice"):
        build_mic(MicSettings(backend="phone"))


def test_frame_cutter_keeps_sound_and_time():
    rng = np.random.default_rng(3)
    pcm = rng.integers(-99, 99, 5000).astype(np.int16)
    cuts = np.sort(rng.integers(0, 5000, 40))
    blocks = [Block(part, 7.0 + at / 16000) for part, at in zip(np.split(pcm, cuts), [0, *cuts], strict=True)]
    cutter = Framer(320)
    frames = [frame for block in blocks for frame in cutter.cut([block])]
    np.testing.assert_array_equal(np.concatenate([f.pcm for f in frames]), pcm[: 320 * len(frames)])
    assert [f.at_s for f in frames] == pytest.approx([7.0 + 0.02 * i for i in range(len(frames))])


def played(at_s, value=1000, count=480):
    return AudioFrame(sample_rate_hz=24000, pcm=np.full(count, value, np.int16), steady_ns=round(at_s * 1e9))


def deaf_times(echo, until_s=2.0):
    frames = [Block(np.ones(320, np.int16), 10 + 0.02 * i) for i in range(round(until_s / 0.02))]
    return [round(frame.at_s - 10, 2) for frame in frames if not echo.treat(frame).any()]


def test_half_duplex_is_deaf_while_the_avatar_is_heard_and_a_little_longer():
    echo = HalfDuplex(tail_s=0.25)
    for i in range(20):
        echo.played(played(10.5 + 0.02 * i))
    deaf = deaf_times(echo)
    assert deaf[0] == pytest.approx(0.5, abs=0.021) and deaf[-1] == pytest.approx(0.5 + 0.4 + 0.25, abs=0.041)
    assert len(deaf) == pytest.approx(0.65 / 0.02, abs=2)


def test_half_duplex_hears_through_silence_and_what_is_too_soft():
    echo = HalfDuplex(tail_s=0.25)
    for i in range(20):
        echo.played(played(10.5 + 0.02 * i, value=90))
    assert not deaf_times(echo)


def test_half_duplex_is_said_in_status():
    settings = MicSettings(backend="fake", echo="mute")
    status = MicStage(settings, FakeMic(settings), make_echo(settings)).status()
    assert status["echo"] == "mute" and "half duplex" in status["warning"]


def test_files_need_no_echo_treatment_unless_asked():
    assert isinstance(make_echo(MicSettings(backend="file")), NoEcho)
    assert isinstance(make_echo(MicSettings(backend="file", echo="mute")), HalfDuplex)


def test_mute_reaches_the_frames(tmp_path):
    name = write_wav(tmp_path / "long.wav", np.full(32000, 500))
    bench = file_bench(name, ready_wait_s=0.0, start_delay_s=0.0, echo="mute")
    bench.run(0.5)
    list(bench.stage.push("speech/played", played(bench.now_s + 0.1), bench.now_s))
    bench.run(1.0)
    silent = 48000 - 24000 - np.count_nonzero(bench.sound())
    assert silent == pytest.approx((0.02 + 0.25) * 16000, abs=700)


def test_what_is_played_is_not_read_where_nothing_is_made_of_it():
    def stage(**settings):
        return build_mic(MicSettings(backend="fake", **settings))

    assert stage(echo="off").unread == {"speech/played"}
    assert stage(echo="mute").unread == frozenset()
