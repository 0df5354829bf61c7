"""Backend `lam`: the decoder half of LAM Audio2Expression, hidden states at 30 a second to weights, on onnxruntime.

Its encoder half runs in the audio encoder node (backend `lam`). The network is convolutional with a reach of six
frames to either side, so a window gives exactly what the whole gives. What LAM does to its weights afterwards
(lam_postprocessing.py) is optional. The last column of the features is the sound's level, which damping goes by.
"""

from __future__ import annotations

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.errors import ConfigError
from ..core.inference import check_shapes
from .base import MotionSettings
from .lam_postprocessing import DAMPING_REACH, EDGE, SMOOTH, processed
from .onnx_lips import FeatureSpec, feature_spec, open_lips, warm_up
from .onnx_settings import LamSettings

KIND = "lam_wav2vec2"
RATE_HZ = 30.0
FILE = "decoder.onnx"
_REACH = 6
#: Frames over which LAM's first slice comes from rest, and later ones from the slice before.
FADE_IN, BLEND = 3, 5


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
        self.kind, self.dim, self.rate_hz = wants.kind, wants.dim + 1, wants.rate_hz
        more = _reach(own)
        self.before, self.after = wants.before + more, wants.after + more
        self.required_after = 0
        self.fade_in_frames, self.seam_frames = (FADE_IN, BLEND) if own.blending else (0, 0)
        self._own = own
        self._session = network.session
        self._identity = np.eye(identities, dtype=np.float32)[own.identity][None]
        warm_up(network, self)

    def weights(self, features: F32) -> F32:
        """Features [T, dim] to weights [T, 52], 0–1; their last column: RMS of the sound, full scale 1."""
        if not len(features):
            return np.zeros((0, ARKIT_COUNT), np.float32)
        feed = {"features": np.asarray(features[:, :-1], np.float32)[None], "identity": self._identity}
        return processed(self._session.run(["weights"], feed)[0][0], features[:, -1], self._own)


def _reach(own: LamSettings) -> int:
    """Frames to either side that the options need beyond the network's."""
    damping = max(DAMPING_REACH - _REACH, EDGE) if own.damping else 0
    return damping + (len(SMOOTH) // 2 if own.smoothing else 0)
