"""Backend `lam`: the decoder half of LAM Audio2Expression, hidden states at 30 a second to weights, on onnxruntime.

Its encoder half runs in the audio encoder node (backend `lam`). The network is convolutional with a reach of six
frames to either side, so a window gives exactly what the whole gives. What LAM does to its weights afterwards is ours
and optional: a filter over time, left and right made alike, eyes left to the idle layer, and its viewer's factors.
"""

from __future__ import annotations

import numpy as np

from ..avatar.model import weight_scales
from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX, ARKIT_NAMES
from ..core.arrays import F32
from ..core.errors import ConfigError
from ..core.inference import check_shapes
from .base import MotionSettings
from .onnx_lips import FeatureSpec, feature_spec, open_lips, warm_up
from .onnx_settings import LamSettings

KIND = "lam_wav2vec2"
RATE_HZ = 30.0
FILE = "decoder.onnx"
_REACH = 6
#: Savitzky and Golay 1964, table I: five points, a parabola.
SMOOTH = np.array([-3, 12, 17, 12, -3], np.float32) / 35
#: Moving to one side is what these are for; all other pairs are made alike.
_SIDED = ("jawLeft", "mouthLeft", "eyeLookInLeft", "eyeLookOutLeft")
PAIRS = tuple((ARKIT_INDEX[name], ARKIT_INDEX[name.removesuffix("Left") + "Right"])
              for name in ARKIT_NAMES if name.endswith("Left") and name not in _SIDED)  # fmt: skip
EYES = tuple(i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("eyeBlink", "eyeLook")))


class LamLips:
    """See base.LipModel."""

    hold_frames = False

    def __init__(self, settings: MotionSettings, own: LamSettings) -> None:
        network = open_lips(settings.backend, own, FILE)
        wants = feature_spec(network, FeatureSpec(KIND, 0, RATE_HZ, _REACH, _REACH))
        identities = next((i.shape[1] for i in network.session.get_inputs() if i.name == "identity"), 1)
        if type(identities) is not int or not 1 <= identities <= 1000:
            raise ConfigError("model_shape", f"{network.file} takes {identities!s:.40} identities; 1 to 1000 will do")
        check_shapes(network, {"features": [1, None, wants.dim], "identity": [1, identities]},
                     {"weights": [1, None, ARKIT_COUNT]})  # fmt: skip
        if own.identity >= identities:
            raise ConfigError(
                "parameter_range", f"parameter 'lam.identity' is {own.identity}; {network.file} knows "
                f"{identities} identities, from 0",
            )  # fmt: skip
        smooth = len(SMOOTH) // 2 if own.smoothing else 0
        self.kind, self.dim, self.rate_hz = wants.kind, wants.dim, wants.rate_hz
        self.before, self.after = wants.before + smooth, wants.after + smooth
        self.required_after = 0
        self._own = own
        self._session = network.session
        self._identity = np.eye(identities, dtype=np.float32)[own.identity][None]
        warm_up(network, self)

    def weights(self, features: F32) -> F32:
        """Features [T, dim] to weights [T, 52], 0–1."""
        if not len(features):
            return np.zeros((0, ARKIT_COUNT), np.float32)
        feed = {"features": np.asarray(features, np.float32)[None], "identity": self._identity}
        return processed(self._session.run(["weights"], feed)[0][0], self._own)


def processed(weights: F32, own: LamSettings) -> F32:
    """Weights [T, 52] as the options want them, within 0–1."""
    out = np.asarray(weights, np.float32)
    if own.smoothing:
        out = smoothed(out)
    if own.symmetry:
        out = symmetric(out)
    if not own.eyes:
        out = out.copy()
        out[:, EYES] = 0.0
    if own.scaling:
        out = out * weight_scales(True)
    return np.clip(out, 0.0, 1.0).astype(np.float32)


def smoothed(weights: F32) -> F32:
    """Each weight [T, 52] as the parabola through five frames has it; the first and last frame hold beyond."""
    reach = len(SMOOTH) // 2
    padded = np.pad(weights, ((reach, reach), (0, 0)), mode="edge")
    return np.asarray(sum(share * padded[i : i + len(weights)] for i, share in enumerate(SMOOTH)), np.float32)


def symmetric(weights: F32) -> F32:
    """Left and right of each pair at their mean; what turns to one side is left alone."""
    out = weights.copy()
    left, right = (list(side) for side in zip(*PAIRS, strict=True))
    out[:, left] = out[:, right] = (weights[:, left] + weights[:, right]) / 2
    return out
