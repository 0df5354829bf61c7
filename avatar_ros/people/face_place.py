"""Where in the avatar's frame a face of a picture is: a pinhole, and the size that heads have."""

from __future__ import annotations

from math import atan2, cos, radians, sin, tan
from typing import NamedTuple

from .base import FaceBox, PeopleSettings

#: Width of the box that detectors draw around a face, m (about the breadth of a head, 15 cm for adults).
FACE_WIDTH_M = 0.15


class FacePlace(NamedTuple):
    """Metres in the avatar's own frame: x to its left, y up, z to the front."""

    x: float
    y: float
    z: float

    @property
    def azimuth_rad(self) -> float:
        """Anticlockwise seen from above, 0 to the front."""
        return atan2(self.x, self.z)

    @property
    def distance_m(self) -> float:
        """Along the floor."""
        return float((self.x**2 + self.z**2) ** 0.5)


def place_of(face: FaceBox, size: tuple[int, int], settings: PeopleSettings) -> FacePlace:
    """The face's middle; size: width and height of the picture, pixels."""
    focal_px = size[0] / 2 / tan(radians(settings.field_of_view_deg) / 2)
    depth_m = focal_px * FACE_WIDTH_M / max(face.width, 1.0)
    right_m = (face.x + face.width / 2 - size[0] / 2) / focal_px * depth_m
    down_m = (face.y + face.height / 2 - size[1] / 2) / focal_px * depth_m
    pitch = radians(settings.camera_pitch_deg)
    ahead_m = depth_m * cos(pitch) - down_m * sin(pitch)
    lower_m = depth_m * sin(pitch) + down_m * cos(pitch)
    return FacePlace(settings.camera_x_m - right_m, settings.camera_height_m - lower_m, ahead_m)


def nearest(faces: list[FaceBox]) -> FaceBox | None:
    """The largest one; None for none."""
    return max(faces, key=lambda face: face.width * face.height, default=None)
