"""The same promises of every lip backend."""

import numpy as np
import pytest

from avatar_ros.core.arkit import ARKIT_COUNT, ARKIT_INDEX
from avatar_ros.core.enums import Layer
from avatar_ros.core.types import AudioFeatures, AudioFrame, PlaybackClock
from avatar_ros.motion.base import MOTION_BACKENDS, MotionSettings
from avatar_ros.motion.offline import express_phones
from avatar_ros.motion.stage import build
from avatar_ros.speech.phones import LOUDNESS, PHONE_KIND
from neural_models import lips_model


@pytest.fixture(params=MOTION_BACKENDS.names)
def settings(request):
    return MotionSettings(backend=request.param)


@pytest.fixture
def own(settings):
    return MOTION_BACKENDS.options(settings.backend, model=lips_model(settings.backend))


@pytest.fixture
def model(settings, own):
    return MOTION_BACKENDS.make(settings.backend, settings, own=own)


def some_features(model, frames, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(model.dim, 0.1), frames).astype(np.float32)


def test_weights_are_52_within_range(model):
    for frames in (0, 1, 2, 57):
        weights = model.weights(some_features(model, frames))
        assert weights.shape == (frames, ARKIT_COUNT)
        assert weights.dtype == np.float32
        assert frames == 0 or (weights.min() >= 0 and weights.max() <= 1)


def test_context_is_all_that_counts(model):
    features = some_features(model, 120)
    whole = model.weights(features)[50:60]
    part = model.weights(features[50 - model.before : 60 + model.after])
    np.testing.assert_allclose(part[model.before : model.before + 10], whole, atol=1e-5)


def test_whole_files(model, settings, own):
    features = some_features(model, round(model.rate_hz))
    assert express_phones(features, model.rate_hz, 30.0, settings, own=own).shape == (30, ARKIT_COUNT)


def test_the_head_keeps_time_with_the_voice_whatever_makes_the_lips(settings, own, model):
    """Brows rise with stressed syllables, and more in a loud phrase than in a pause."""
    stage = build(settings, own)
    times_s = np.arange(3 * 24000) / 24000
    loud = np.maximum(0, np.sin(2 * np.pi * 2 * times_s)) * (times_s < 2)
    pcm = (8000 * loud * np.sin(2 * np.pi * 200 * times_s)).astype(np.int16)
    features = np.zeros((round(3 * model.rate_hz), model.dim), np.float32)
    if model.kind == PHONE_KIND:
        features[:, LOUDNESS] = 0.8 * loud[:: round(24000 / model.rate_hz)]
    message = AudioFeatures(turn=1, kind=model.kind, frames=len(features), dim=model.dim, rate_hz=model.rate_hz,
                            data=features.ravel(), last=True)  # fmt: skip
    list(stage.push("motion/features", message, 0.0))
    brows = []
    for i in range(90):
        now_s = i / 30
        clock = PlaybackClock(turn=1, sample=i * 800, steady_ns=round(now_s * 1e9) + 1)
        frame = AudioFrame(pcm=pcm[i * 800 : i * 800 + 800], sample_rate_hz=24000, steady_ns=round(now_s * 1e9) + 1)
        for topic, news in (("speech/playback", clock), ("speech/played", frame)):
            if topic not in stage.unread:
                list(stage.push(topic, news, now_s))
        idle = [o.message for o in stage.tick(now_s) if o.message.layer is Layer.IDLE]
        brows += [e.weights[ARKIT_INDEX["browInnerUp"]] for e in idle]
    assert max(brows[5:60]) > 0.04 > 5 * max(brows[80:])


def test_stage_speaks_in_order_and_ends_at_rest(model, settings, own):
    stage = build(settings, own)
    stage.load()
    outs = []
    count = round(1.3 * model.rate_hz)
    features = some_features(model, count)
    for i in range(0, count, 4):
        part = features[i : i + 4]
        message = AudioFeatures(turn=1, first_sample=round(i * 24000 / model.rate_hz), kind=model.kind,
                                frames=len(part), dim=model.dim, rate_hz=model.rate_hz, data=part.ravel(),
                                last=i + 4 >= count)  # fmt: skip
        outs += stage.push("motion/features", message, 0.0)
    for i in range(60):
        clock = PlaybackClock(turn=1, sample=i * 800, steady_ns=round(i / 30 * 1e9) + 1)
        outs += stage.push("speech/playback", clock, i / 30)
    frames = [o.message for o in outs if o.message.layer is Layer.SPEECH]
    samples = [e.sample for e in frames]
    assert samples == [round(i / settings.rate_hz * 24000) for i in range(len(samples))]
    assert [e.last for e in frames] == [False] * (len(frames) - 1) + [True]
    assert not frames[-1].weights.any()
    assert 1.3 * 24000 < samples[-1] <= 1.45 * 24000
    stage.close()
