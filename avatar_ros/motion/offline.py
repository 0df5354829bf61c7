"""Whole recordings: features in, frames of weights at any rate out."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.errors import MotionError
from ..core.interpolation import between
from ..core.registry import NO_OPTIONS, Options
from .base import MOTION_BACKENDS, MotionSettings
from .seams import faded_in


def resample_weights(weights: F32, rate_hz: float, times_s: NDArray[np.floating], hold_s: float = 0.0) -> F32:
    """Weights [T, 52] at rate_hz, at other instants [N]: linear between frames, or, with hold_s, the largest of the
    frames within hold_s / 2, so that a flash of one frame is not missed. The first and last frame hold beyond.
    """
    if not len(weights):
        return np.zeros((len(times_s), ARKIT_COUNT), np.float32)
    x = np.asarray(times_s, np.float64) * rate_hz
    return _largest_within(weights, x, hold_s * rate_hz / 2) if hold_s else between(weights, x)


def _largest_within(weights: F32, x: NDArray[np.float64], reach: float) -> F32:
    first = np.clip(np.ceil(x - reach - 1e-6).astype(int), 0, len(weights) - 1)
    last = np.clip(np.ceil(x + reach - 1e-6).astype(int), first + 1, len(weights))
    return np.stack([weights[a:b].max(axis=0) for a, b in zip(first, np.maximum(last, first + 1), strict=True)])


def express_phones(
    features: F32,
    rate_hz: float,
    fps: float,
    settings: MotionSettings | None = None,
    kind: str = "",
    own: Options = NO_OPTIONS,
) -> F32:
    """Features [T, dim] at rate_hz to weights [ceil(T / rate_hz · fps), 52]; frame i holds at i / fps seconds.

    own: options of backends. Raises MotionError where the backend was not made for features of this width or rate, or
    of this kind, where it is given.
    """
    settings = settings or MotionSettings()
    model = MOTION_BACKENDS.make(settings.backend, settings, own=own)
    if kind and kind != model.kind:
        raise MotionError(
            "features_kind", f"features of kind '{kind}'; '{settings.backend}' takes '{model.kind}': choose encoder "
            "and expression backends that fit",
        )  # fmt: skip
    if features.ndim != 2 or features.shape[1] != model.dim or rate_hz != model.rate_hz:
        raise MotionError(
            "features_shape",
            f"features {features.shape} at {rate_hz} Hz; '{settings.backend}' takes [T, {model.dim}] at "
            f"{model.rate_hz} Hz",
        )
    times_s = np.arange(ceil(len(features) / rate_hz * fps - 1e-9)) / fps
    weights = resample_weights(model.weights(features), rate_hz, times_s, 1 / fps if model.hold_frames else 0.0)
    return faded_in(weights, times_s, model.fade_in_frames, rate_hz)
