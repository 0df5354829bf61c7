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
from avatar_ros.testing.contracts import LIPS
from avatar_ros.testing.contracts.lips import some_features
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


@pytest.mark.parametrize("check", LIPS, ids=lambda check: check.__name__)
def test_contract(check, model):
    check(model)


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
