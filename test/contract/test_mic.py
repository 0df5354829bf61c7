"""Every microphone through the stage: an endless stream of frames, whatever is or is not plugged in."""

from pathlib import Path

import numpy as np
import pytest

from avatar_ros.audio.base import Block
from avatar_ros.audio.wav import read_wav
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import AudioFrame
from avatar_ros.mic.base import MIC_BACKENDS, MicSettings
from avatar_ros.mic.echo import make_echo
from avatar_ros.mic.stage import build_mic
from avatar_ros.testing.settings import split
from contract import sound_server
from recordings import DATA

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no test data in {DATA} (set AVATAR_ROS_TEST_DATA)")
needs_server = pytest.mark.skipif(bool(sound_server.missing()), reason=sound_server.missing() or "-")


def run(stage, seconds, now_s=5.0):
    frames = []
    for _ in range(round(seconds / 0.02) + 1):
        frames += [out.message for out in stage.tick(now_s)]
        now_s += 0.02
    return frames


@pytest.fixture(params=["none", "fake", "file", "auto"])
def stage(request, tmp_path):
    more = {"device": "no such device"} if request.param == "auto" else {}
    if request.param == "file":
        if not DATA.is_dir():
            pytest.skip(f"no test data in {DATA} (set AVATAR_ROS_TEST_DATA)")
        more = {"files": (str(DATA / "speech" / "jfk.wav"),)}
    made = build_mic(*split(MIC_BACKENDS, MicSettings, backend=request.param, **more))
    made.load()
    yield made
    made.close()


def test_frames_never_end_and_never_miss(stage):
    frames = run(stage, 3.0)
    assert len(frames) == pytest.approx(150, abs=2)
    assert [f.first_sample for f in frames] == [320 * i for i in range(len(frames))]
    times = np.array([f.steady_ns for f in frames]) * 1e-9
    np.testing.assert_allclose(np.diff(times), 0.02, atol=1e-6)
    assert all((f.sample_rate_hz, f.channels, len(f.pcm), f.utterance) == (16000, 1, 320, 0) for f in frames)


@needs_data
def test_file_is_heard_as_it_is():
    name = str(DATA / "speech" / "jfk.wav")
    made = build_mic(
        *split(MIC_BACKENDS, MicSettings, backend="file", files=(name,), ready_wait_s=0.0, start_delay_s=0.0)
    )
    made.load()
    heard = np.concatenate([f.pcm for f in run(made, 12.0)])
    expected = read_wav(Path(name)).pcm
    np.testing.assert_array_equal(heard[: len(expected)], expected)
    assert not heard[len(expected) :].any()


def test_missing_microphone_is_a_warning_that_names_what_to_do():
    made = build_mic(MicSettings(backend="auto", device="no such device"))
    made.load()
    run(made, 0.1)
    assert "--mic" in made.status()["warning"] or "install" in made.status()["warning"]
    made.close()


@needs_server
def test_microphone_that_was_asked_for_and_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no such device") as caught:
        build_mic(MicSettings(backend="sounddevice", device="no such device")).load()
    assert caught.value.code == "no_microphone"


# --- echo ------------------------------------------------------------------------------------------------------------


def _level_db(pcm):
    return 10 * np.log10(np.mean(np.asarray(pcm, np.float64) ** 2) + 1e-9)


def _through_room(pcm, room):
    response = read_wav(DATA / "acoustics" / f"{room}.wav").pcm.astype(float)
    size = 1 << int(np.ceil(np.log2(len(pcm) + len(response))))
    wet = np.fft.irfft(np.fft.rfft(pcm, size) * np.fft.rfft(response / np.abs(response).max(), size), size)
    return wet[: len(pcm)]


def _treat(far, near, clock_error_s=0.0):
    """The canceller's output; the loudspeaker's frames come 60 ms before they are heard."""
    echo = make_echo(MicSettings(echo="webrtc"))
    out = []
    for i in range(len(near) // 320):
        for j in range(4) if i == 0 else [i + 3]:
            frame = AudioFrame(pcm=far[320 * j : 320 * j + 320], steady_ns=round((9 + 0.02 * j + clock_error_s) * 1e9))
            echo.played(frame)
        out.append(echo.treat(Block(near[320 * i : 320 * i + 320], 9 + 0.02 * i)))
    return np.concatenate(out)


@needs_data
@pytest.mark.parametrize("room", ["rir1", "rir2"])
@pytest.mark.parametrize("clock_error_s", [0.0, 0.015, -0.015])
def test_webrtc_takes_the_echo_and_leaves_the_user(room, clock_error_s):
    pytest.importorskip("livekit", reason="livekit is not installed (extra aec)")
    corpus = read_wav(DATA / "speech" / "acoustic_corpus.wav").pcm
    user = read_wav(DATA / "speech" / "jfk.wav").pcm.astype(float)
    far = corpus[: 24 * 16000]
    echo = _through_room(far.astype(float), room)
    echo *= 10 ** ((_level_db(user) - _level_db(echo)) / 20)  # as loud as the user
    near = echo + np.random.default_rng(0).normal(0, 8, len(echo))
    near[12 * 16000 : 12 * 16000 + len(user)] += user
    out = _treat(far, np.clip(near, -32767, 32767).astype(np.int16), clock_error_s)
    alone = slice(6 * 16000, 12 * 16000)
    assert _level_db(near[alone]) - _level_db(out[alone]) > 12
    both = slice(12 * 16000, 12 * 16000 + len(user))
    assert _level_db(out[both]) > _level_db(user) - 6


def test_webrtc_that_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    with pytest.raises(ConfigError, match="livekit"):
        make_echo(MicSettings(echo="webrtc"))
    assert "half duplex" in make_echo(MicSettings(echo="auto")).warning
