"""Faces in a stream of pictures at little cost: what stands still is not searched, a known face near its place."""

from __future__ import annotations

import cv2
import numpy as np

from ..core.arrays import U8
from .base import FaceBox, FaceDetector

cv2.setNumThreads(1)  # a second thread gains nothing here, and would wait for the face's
#: Width of what is searched: the whole picture, or the surroundings of a known face, which are so many of its widths.
WHOLE_PX, AROUND_PX, AROUND = 320, 144, 2.6
#: The whole picture is searched so often while somebody moves, and while nobody does, s.
_WHOLE_EVERY_S, _STILL_EVERY_S = 1.0, 2.0
#: Without a known face, movement is searched this often at most, s.
_SEARCH_EVERY_S = 0.3
#: Pictures are compared at this width; a place has moved where it differs by so much of 255, and enough of them have.
_COMPARED_PX, _DIFFERENT, _MOVED_SHARE = 64, 12, 0.004
#: Two boxes that share so much are one face.
_SAME = 0.3


class FaceWatcher:
    """Told pictures [height, width, 3], BGR, of one camera, says which faces are in them, in pixels of the picture."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._faces: list[FaceBox] = []
        self._compared: U8 | None = None
        self._whole_s = self._search_s = float("-inf")

    def load(self) -> None:
        """Read the detector's model. Raises ConfigError."""
        self._detector.load()

    def look(self, picture: U8, now_s: float) -> list[FaceBox]:
        """The faces of this picture."""
        moved = self._moved(picture)
        if now_s - self._whole_s >= (_WHOLE_EVERY_S if moved else _STILL_EVERY_S):
            self._whole(picture, now_s)
        elif moved and self._faces:
            self._follow(picture)
        elif moved and now_s - self._search_s >= _SEARCH_EVERY_S:
            self._whole(picture, now_s)
        return list(self._faces)

    def _moved(self, picture: U8) -> bool:
        height = max(1, round(picture.shape[0] * _COMPARED_PX / picture.shape[1]))
        # Every eighth row or so is enough: an area's mean of the whole picture costs more than all the rest of this.
        step = max(1, picture.shape[1] // (2 * _COMPARED_PX))
        small = cv2.resize(picture[::step, ::step, 1], (_COMPARED_PX, height), interpolation=cv2.INTER_AREA)
        before, self._compared = self._compared, np.asarray(small, np.uint8)
        if before is None or before.shape != small.shape:
            return True
        moved = bool((cv2.absdiff(small, before) > _DIFFERENT).mean() > _MOVED_SHARE)
        if not moved:
            self._compared = before  # what creeps adds up
        return moved

    def _whole(self, picture: U8, now_s: float) -> None:
        self._whole_s = self._search_s = now_s
        self._faces = self._found(picture, (0, 0), WHOLE_PX)

    def _follow(self, picture: U8) -> None:
        """Each known face near its place; one that is not there is gone."""
        followed: list[FaceBox] = []
        for face in self._faces:
            half = AROUND * max(face.width, face.height) / 2
            left, top = (max(0, int(centre - half)) for centre in (face.x + face.width / 2, face.y + face.height / 2))
            part = picture[top : top + int(2 * half), left : left + int(2 * half)]
            near = self._found(part, (left, top), AROUND_PX) if min(part.shape[:2]) >= 16 else []
            best = max(near, key=lambda one: one.width, default=None)
            if best is not None and not any(shared(best, other) > _SAME for other in followed):
                followed.append(best)
        self._faces = followed

    def _found(self, part: U8, corner: tuple[int, int], width: int) -> list[FaceBox]:
        scale = min(1.0, width / part.shape[1])
        size = (max(16, round(part.shape[1] * scale)), max(16, round(part.shape[0] * scale)))
        small = part if scale == 1.0 else cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        x, y = part.shape[1] / small.shape[1], part.shape[0] / small.shape[0]
        return [
            FaceBox(corner[0] + one.x * x, corner[1] + one.y * y, one.width * x, one.height * y, one.score)
            for one in self._detector.detect(np.ascontiguousarray(small))
        ]


def shared(one: FaceBox, other: FaceBox) -> float:
    """Intersection over union of two boxes."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    inside = max(0.0, across) * max(0.0, down)
    return inside / max(one.width * one.height + other.width * other.height - inside, 1e-9)
