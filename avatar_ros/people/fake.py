"""Backend `fake`: a scripted detector."""

from __future__ import annotations

from ..core.arrays import U8
from .base import FaceBox, PeopleSettings


class FakeDetector:
    """Finds `faces`, in pixels of the picture that it is given; counts how often it was asked."""

    def __init__(self, settings: PeopleSettings) -> None:
        self.faces: list[FaceBox] = []
        self.asked = 0

    def load(self) -> None:
        """Nothing to read."""

    def detect(self, picture: U8) -> list[FaceBox]:
        """See FaceDetector."""
        self.asked += 1
        return list(self.faces)
