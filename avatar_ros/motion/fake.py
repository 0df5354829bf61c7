"""Backend `fake`: the jaw is wide open exactly while the phone is AA, and shut else. A flash to measure sync by."""

from __future__ import annotations

import numpy as np

from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX
from ..core.arrays import F32
from ..speech.phones import PHONE_DIM, PHONE_INDEX, PHONE_KIND, PHONE_RATE_HZ
from .base import MotionSettings


class FakeLips:
    """See base.LipModel."""

    kind = PHONE_KIND
    dim = PHONE_DIM
    rate_hz = PHONE_RATE_HZ
    before = after = required_after = 2
    hold_frames = True
    fade_in_frames = seam_frames = 0

    def __init__(self, settings: MotionSettings) -> None:
        self.settings = settings

    def weights(self, features: F32) -> F32:
        """Sets jawOpen to 1 where AA is the most likely phone."""
        out = np.zeros((len(features), ARKIT_COUNT), np.float32)
        out[:, ARKIT_INDEX["jawOpen"]] = features[:, PHONE_INDEX["AA"]] >= 0.5
        return out
