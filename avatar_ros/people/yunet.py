"""Backend `yunet`: YuNet (Wu et al. 2023, MIT) by OpenCV, from the file that `./avatar fetch yunet` brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from ..core.arrays import U8
from ..core.errors import ConfigError
from ..core.loading import boundary, check_sha256
from ..core.paths import user_data_folder
from .base import FaceBox, PeopleSettings
from .yunet_settings import YuNetSettings

FILE = "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


class YuNetDetector:
    """Faces from about 10 pixels on."""

    def __init__(self, settings: PeopleSettings, own: YuNetSettings) -> None:
        self._own = own
        self._net: Any = None

    def load(self) -> None:
        """Raises ConfigError where the file is missing or is another one."""
        named = self._own.model
        path = Path(named).expanduser() if named else user_data_folder() / "models" / "yunet" / FILE
        if not path.is_file():
            raise ConfigError("file_missing", f"{path} does not exist; bring it with: ./avatar fetch yunet")
        check_sha256(path, SHA256, "face_model_wrong", "bring it anew with: ./avatar fetch yunet")
        with boundary(path, ConfigError, "face_model", "bring it anew with: ./avatar fetch yunet"):
            self._net = cv2.FaceDetectorYN.create(str(path), "", (320, 240), self._own.least_score)

    def detect(self, picture: U8) -> list[FaceBox]:
        """See FaceDetector."""
        height, width = picture.shape[:2]
        self._net.setInputSize((width, height))
        _, rows = self._net.detect(picture)
        return [FaceBox(*map(float, (*row[:4], row[-1]))) for row in (rows if rows is not None else ())]
