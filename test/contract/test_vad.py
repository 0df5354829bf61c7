"""What every voice detector must do: the same test over the scripted and the real one."""

import wave

import numpy as np
import pytest

from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.types import AudioFrame
from avatar_ros.testing.contracts import DETECTOR
from avatar_ros.testing.contracts.detector import listen
from avatar_ros.testing.settings import make, split
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.stage import build
from recordings import DATA

RATE = 16000
LEAD_S = 1.0


@pytest.fixture(params=VAD_BACKENDS.names)
def backend(request):
    if request.param == "silero":
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return request.param


def read(path):
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def settings_for(backend, script):
    return split(VAD_BACKENDS, VadSettings, backend=backend, **({"script": script} if backend == "fake" else {}))


def stage_for(backend, script):
    stage = build(*settings_for(backend, script))
    stage.load()
    return stage


def quiet(seconds, seed=0):
    return np.random.default_rng(seed).integers(-20, 21, round(seconds * RATE)).astype(np.int16)


def test_a_sentence_between_silences_is_one_utterance(backend):
    sentence = read(DATA / "speech" / "spk1_snt1.wav")
    pcm = np.concatenate([quiet(LEAD_S), sentence, quiet(1.5)])
    # Spoken from 0 to 2.84 s of the file by its phone labels.
    out = listen(stage_for(backend, f"{LEAD_S}-{LEAD_S + 2.84}"), pcm)
    activity = [m for m in out if not isinstance(m, AudioFrame)]
    assert [m.kind for m in activity] == [VoiceKind.STARTED, VoiceKind.STOPPED]
    assert activity[0].sample / RATE == pytest.approx(LEAD_S, abs=0.1)
    assert activity[1].sample / RATE == pytest.approx(LEAD_S + 2.84, abs=0.15)
    pieces = [m for m in out if isinstance(m, AudioFrame)]
    assert [m.last for m in pieces].count(True) == 1
    assert pieces[-1].last
    heard = np.concatenate([m.pcm for m in pieces])
    first = (pieces[0].steady_ns - 1) // 62500
    assert np.array_equal(heard, pcm[first : first + len(heard)])


@pytest.mark.parametrize("check", DETECTOR, ids=lambda check: check.__name__)
def test_contract(check, backend):
    """The scripted one hears nothing."""
    detector = make(VAD_BACKENDS, VadSettings, backend=backend)
    detector.load()
    check(detector)
    detector.close()


def test_recorded_noise_is_no_speech(backend):
    for name in ("noise2.wav", "noise3.wav"):
        assert listen(stage_for(backend, ""), read(DATA / "acoustics" / name)) == []
