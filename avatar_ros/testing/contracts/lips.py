"""What every expression backend must do, alone and in its stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...core.arkit import ARKIT_COUNT
from ...core.arrays import F32
from ...core.enums import Layer
from ...core.stage import Out
from ...core.types import AudioFeatures, Expression, PlaybackClock
from ...motion.base import LipModel, MotionSettings
from ...motion.stage import ExpressionStage

RATE_HZ = 24000
_SECONDS = 1.3


def some_features(model: LipModel, frames: int, seed: int = 0) -> F32:
    """Features [frames, dim] as they might come: shares of each frame's sum."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(model.dim, 0.1), frames).astype(np.float32)


def weights_are_52_within_0_and_1(model: LipModel) -> None:
    """Of any number of frames, none too."""
    for frames in (0, 1, 2, 57):
        weights = model.weights(some_features(model, frames))
        assert weights.shape == (frames, ARKIT_COUNT) and weights.dtype == np.float32, f"{weights.shape}"
        assert not frames or (weights.min() >= 0 and weights.max() <= 1), "weights must lie within 0 and 1"


def its_context_is_all_that_counts(model: LipModel) -> None:
    """A frame depends on `before` and `after` frames around it, and on no others."""
    features = some_features(model, 60 + model.before + model.after)
    at = 25 + model.before
    whole = model.weights(features)[at : at + 10]
    part = model.weights(features[at - model.before : at + 10 + model.after])
    np.testing.assert_allclose(part[model.before : model.before + 10], whole, atol=1e-5)


def a_turn_is_spoken_in_order_and_ends_at_rest(model: LipModel) -> None:
    """Frames of the speech layer follow each other, and the last one is a mouth at rest."""
    settings = MotionSettings()
    stage, outs = ExpressionStage(settings, model), list[Out]()
    count = round(_SECONDS * model.rate_hz)
    features = some_features(model, count)
    for i in range(0, count, 4):
        part = features[i : i + 4]
        message = AudioFeatures(turn=1, first_sample=round(i * RATE_HZ / model.rate_hz), kind=model.kind,
                                frames=len(part), dim=model.dim, rate_hz=model.rate_hz, data=part.ravel(),
                                last=i + 4 >= count)  # fmt: skip
        outs += stage.push("motion/features", message, 0.0)
    for i in range(60):
        clock = PlaybackClock(turn=1, sample=i * RATE_HZ // 30, steady_ns=round(i / 30 * 1e9) + 1)
        outs += stage.push("speech/playback", clock, i / 30)
    faces = [out.message for out in outs if isinstance(out.message, Expression)]
    frames = [face for face in faces if face.layer is Layer.SPEECH]
    assert [face.sample for face in frames] == [round(i / settings.rate_hz * RATE_HZ) for i in range(len(frames))]
    assert [face.last for face in frames] == [False] * (len(frames) - 1) + [True]
    assert not frames[-1].weights.any(), "the mouth stays open after the turn"
    assert _SECONDS * RATE_HZ < frames[-1].sample <= (_SECONDS + 0.15) * RATE_HZ


LIPS: tuple[Callable[[LipModel], None], ...] = (
    weights_are_52_within_0_and_1,
    its_context_is_all_that_counts,
    a_turn_is_spoken_in_order_and_ends_at_rest,
)


def check_lips(model: LipModel) -> None:
    """All that the expression stage relies on."""
    for check in LIPS:
        check(model)
