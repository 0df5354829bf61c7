"""Backend `policy`: features to weights by any ONNX network of the form features [1, T, dim] to weights [1, T, 52].

What such a network was made for (kind and rate of the features, context) stands in its metadata, or in its
options. It is called with windows, so it must be a function of them: no state is carried inside it.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.errors import MotionError
from ..core.inference import check_shapes
from .base import MotionSettings
from .onnx_lips import FeatureSpec, feature_spec, open_lips, warm_up
from .onnx_settings import PolicySettings

FILE = "policy.onnx"


class PolicyLips:
    """See base.LipModel."""

    hold_frames = False
    fade_in_frames = seam_frames = 0

    def __init__(self, settings: MotionSettings, own: PolicySettings) -> None:
        network = open_lips(settings.backend, own, FILE)
        context = round(own.context_s * own.rate_hz)
        wants = feature_spec(network, FeatureSpec(own.kind, 0, own.rate_hz, context, context))
        check_shapes(network, {"features": [1, None, wants.dim]}, {"weights": [1, None, ARKIT_COUNT]})
        self.kind, self.dim, self.rate_hz = wants.kind, wants.dim, wants.rate_hz
        self.before, self.after = wants.before, wants.after
        self.required_after = 0
        self._session = network.session
        warm_up(network, self)

    def weights(self, features: F32) -> F32:
        """Features [T, dim] to weights [T, 52], clipped to 0–1. Raises MotionError where the network gives less."""
        if not len(features):
            return np.zeros((0, ARKIT_COUNT), np.float32)
        out = self._session.run(["weights"], {"features": np.asarray(features, np.float32)[None]})[0]
        if out.shape != (1, len(features), ARKIT_COUNT):
            raise MotionError(
                "policy_shape", f"the policy made {list(out.shape)} of {len(features)} frames; "
                f"[1, {len(features)}, {ARKIT_COUNT}] is needed",
            )  # fmt: skip
        return np.clip(np.nan_to_num(out[0]), 0.0, 1.0).astype(np.float32)
