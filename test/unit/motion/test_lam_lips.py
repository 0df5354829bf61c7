"""LAM's decoder and policies as lips: parity with torch, what is done to the weights, and what is refused."""

import numpy as np
import pytest

from avatar_ros.core.enums import Layer
from avatar_ros.core.errors import ConfigError, MotionError
from avatar_ros.core.types import AudioFeatures, PlaybackClock
from avatar_ros.motion.base import MOTION_BACKENDS, MotionSettings
from avatar_ros.motion.onnx_settings import LamSettings, PolicySettings
from avatar_ros.motion.stage import build
from avatar_ros.testing.settings import make, split
from neural_models import encoder_folder, lam_folder, policy_file, tiny_lam

PLAIN = {
    "scaling": False, "smoothing": False, "symmetry": False, "eyes": True, "damping": False, "blending": False,
}  # fmt: skip
LOUD = 0.1


def lam_settings(**more):
    return LamSettings(**{"model": str(lam_folder()), **more})


def lips(own, backend="lam"):
    return MOTION_BACKENDS.make(backend, MotionSettings(backend=backend), own={backend: own})


def lam_stage(own, **room):
    return build(MotionSettings(backend="lam", **room), {"lam": own})


def policy(**more):
    return lips(PolicySettings(**more), "policy")


def hidden(frames, seed=0):
    return np.random.default_rng(seed).standard_normal((frames, 32)).astype(np.float32)


def heard(frames, seed=0):
    """Hidden states and the level of their sound, as the encoder gives them."""
    return np.pad(hidden(frames, seed), ((0, 0), (0, 1)), constant_values=LOUD)


@pytest.mark.parametrize("identity", [0, 11])
def test_decoder_is_that_of_torch(identity):
    model = tiny_lam()
    import torch

    features = hidden(40)
    with torch.no_grad():
        one_hot = torch.eye(12)[identity][None]
        wanted = model.backbone.decode(torch.from_numpy(features[None]), one_hot)[0].numpy()
    found = lips(lam_settings(identity=identity, **PLAIN)).weights(heard(40))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_identities_differ_and_end():
    a, b = (lips(lam_settings(identity=i, **PLAIN)).weights(heard(20)) for i in (0, 1))
    assert np.abs(a - b).max() > 1e-3
    with pytest.raises(ConfigError, match="12 identities"):
        lips(lam_settings(identity=12))


def test_its_context_is_six_frames_two_of_the_filter_and_three_of_damping():
    assert lips(lam_settings(**PLAIN)).before == 6
    assert lips(lam_settings(**{**PLAIN, "smoothing": True})).after == 8
    model = lips(lam_settings())
    assert (model.before, model.after) == (11, 11)
    features = heard(60)
    changed = features.copy()
    changed[:22] += 1.0
    same = model.weights(features)[33:] - model.weights(changed)[33:]
    assert np.abs(same).max() < 1e-6
    assert np.abs(model.weights(features)[29] - model.weights(changed)[29]).max() > 1e-6


def test_silence_damps_what_the_network_says():
    features = heard(60)
    features[20:45, -1] = 1e-4
    calm, lively = (lips(lam_settings(damping=on)).weights(features) for on in (True, False))
    jaw = slice(22, 27)
    assert calm[26:39, jaw].max() < 0.11 * 1.2 and lively[26:39, jaw].max() > 0.2
    np.testing.assert_allclose(calm[:17], lively[:17], atol=1e-6)


def test_policy_reads_what_it_wants_from_its_file():
    model = policy(model=str(policy_file(kind="wav2vec2", rate_hz="50", after="3")))
    assert (model.kind, model.dim, model.rate_hz) == ("wav2vec2", 32, 50.0)
    assert (model.before, model.after) == (15, 3)  # 0.3 s of the parameter where the file is silent
    told = policy(model=str(policy_file()), kind="mel", context_s=0.1, rate_hz=100.0)
    assert (told.kind, told.rate_hz, told.before, told.after) == ("mel", 100.0, 10, 10)


def test_policy_streams_in_windows():
    model = policy(model=str(policy_file(kind="hubert", before="2", after="2")))
    features = hidden(50)
    whole = model.weights(features)
    np.testing.assert_allclose(model.weights(features[18:34])[2:-2], whole[20:32], atol=1e-5)
    assert whole.std() > 0.01


def refused(code, **more):
    with pytest.raises(ConfigError) as raised:
        make(MOTION_BACKENDS, MotionSettings, **more)
    assert raised.value.code == code
    return str(raised.value)


def test_files_that_cannot_be_lips_are_named(tmp_path):
    assert "model" in refused("model_missing", backend="lam")
    assert "policy.onnx" in refused("model_file_missing", backend="policy", model=str(tmp_path))
    assert "51" in refused("model_shape", backend="policy", model=str(policy_file(outputs=51)))
    assert "input" in refused("model_shape", backend="lam", model=str(policy_file()))
    encoder = str(encoder_folder("hubert") / "back.onnx")
    assert "features [1, T, dim]" in refused("model_shape", backend="policy", model=encoder)
    (tmp_path / "policy.onnx").write_bytes(b"no network")
    refused("model_unreadable", backend="policy", model=str(tmp_path))
    odd = str(policy_file(kind="hubert", rate_hz="fast"))
    assert "fast" in refused("model_metadata", backend="policy", model=odd)


def lam_features(rows, first, count, last=False):
    """A message with `count` of `rows`, from row `first` on."""
    part = rows[first : first + count]
    return AudioFeatures(turn=1, first_sample=first * 800, kind="lam_wav2vec2", rate_hz=30.0, dim=33, frames=len(part),
                         data=part.ravel(), last=last)  # fmt: skip


def played(stage, messages, seconds):
    """The frames of the speech layer while all is heard, by their time, s."""
    out = []
    for message in messages:
        out += stage.push("motion/features", message, 0.0)
    for i in range(round(seconds * 30)):
        clock = PlaybackClock(turn=1, sample=i * 800, steady_ns=round(i / 30 * 1e9) + 1)
        out += stage.push("speech/playback", clock, i / 30)
    return {round(o.message.sample / 24000, 4): o.message for o in out if o.message.layer is Layer.SPEECH}


def test_the_end_of_a_turn_is_that_of_the_whole_recording():
    """Zero is no silence to a network: nothing is put after the last hidden state."""
    rows = heard(90)
    settings = lam_settings()
    parts = [lam_features(rows, i, 10, last=i == 80) for i in range(0, 90, 10)]
    frames = played(lam_stage(settings, rate_hz=30.0), parts, 4)
    whole = lips(settings).weights(rows)
    for i in range(60, 90):
        np.testing.assert_allclose(frames[round(i / 30, 4)].weights, whole[i], atol=1e-5)
    over = [frame for at_s, frame in frames.items() if at_s > 3.0]
    assert over[-1].last and not over[-1].weights.any()
    sizes = [float(np.abs(frame.weights).sum()) for frame in over]
    assert sizes == sorted(sizes, reverse=True)


def test_lips_rest_where_hidden_states_were_lost_and_come_back():
    rows = heard(90)
    settings = lam_settings()
    parts = [lam_features(rows, 0, 40), lam_features(rows, 60, 30, last=True)]
    frames = played(lam_stage(settings, rate_hz=30.0), parts, 4)
    whole = lips(settings).weights(rows)
    assert sorted(frames)[-1] >= 3.0 and len(frames) > 90, "no frame is left out"
    for i in range(44, 56):
        assert not frames[round(i / 30, 4)].weights.any()
    for i in (*range(9, 28), *range(73, 90)):
        np.testing.assert_allclose(frames[round(i / 30, 4)].weights, whole[i], atol=1e-5)
    steps = [np.abs(frames[round(i / 30, 4)].weights - frames[round((i - 1) / 30, 4)].weights).max()
             for i in range(40, 62)]  # fmt: skip
    assert max(steps) < 0.4, "fades"


def test_a_policy_without_context_ends_at_rest():
    model = str(policy_file(kind="hubert", before="0", after="0"))
    settings = split(MOTION_BACKENDS, MotionSettings, backend="policy", model=model)
    rows = hidden(50)
    message = AudioFeatures(turn=1, kind="hubert", rate_hz=50.0, dim=32, frames=50, data=rows.ravel(), last=True)
    frames = played(build(*settings), [message], 2)
    assert frames[max(frames)].last and not frames[max(frames)].weights.any()
    over = [frame.weights.max() for at_s, frame in sorted(frames.items()) if 1.0 < at_s < 1.09]
    assert len(over) >= 5 and min(over) > 0 and over == sorted(over, reverse=True)


@pytest.mark.parametrize("wrong", [{"kind": "hubert"}, {"dim": 11, "frames": 30}, {"rate_hz": 50.0}])
def test_features_that_it_was_not_made_for_are_refused(wrong):
    stage = lam_stage(lam_settings())
    good = {"kind": "lam_wav2vec2", "dim": 33, "rate_hz": 30.0, "frames": 10, "data": heard(10).ravel()}
    list(stage.push("motion/features", AudioFeatures(turn=1, **good), 0.0))
    with pytest.raises(MotionError) as raised:
        list(stage.push("motion/features", AudioFeatures(turn=2, **{**good, **wrong}), 0.0))
    assert raised.value.code == "features_kind"
