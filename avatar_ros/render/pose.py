"""The pose of a head and the weights of a face as messages carry them: made safe, turned and mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..avatar.framing import frame_head
from ..avatar.model import Avatar
from ..core.arkit import ARKIT_COUNT
from ..core.arrays import F32
from ..core.types import Expression
from .base import Camera


@dataclass(frozen=True)
class HeadPose:
    """Rotation (unit quaternion wxyz) and translation (metres) relative to rest."""

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]


#: Weights [52], 0-1, and the head's pose.
FacePose = tuple[F32, HeadPose]

REST_POSE = HeadPose(np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(3))
REST_FACE: FacePose = (np.zeros(ARKIT_COUNT, np.float32), REST_POSE)


def quaternion_product(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hamilton product of two wxyz quaternions: rotate by b, then by a."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return np.array(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ]
    )


def mix_quaternions(a: NDArray[np.float64], b: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Normalised linear mix from a (t=0) to b (t=1) the short way round; ample for a head's few degrees."""
    mixed = a * (1 - t) + (b if a @ b >= 0 else -b) * t
    length = float(np.linalg.norm(mixed))
    return mixed / length if length > 1e-9 else REST_POSE.rotation


def mix_poses(a: HeadPose, b: HeadPose, t: float) -> HeadPose:
    """From a (t=0) to b (t=1)."""
    return HeadPose(mix_quaternions(a.rotation, b.rotation, t), a.translation * (1 - t) + b.translation * t)


def smoothstep(t: float) -> float:
    """0 before 0, 1 after 1, smooth in between (3t² - 2t³)."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def mix(a: F32, b: F32, t: float) -> F32:
    """From a (t = 0) to b (t = 1), linearly."""
    return a * np.float32(1 - t) + b * np.float32(t)


def mix_faces(a: FacePose, b: FacePose, t: float) -> FacePose:
    """From a (t=0) to b (t=1)."""
    return mix(a[0], b[0], t), mix_poses(a[1], b[1], t)


def pose_of(expression: Expression) -> HeadPose:
    """The head pose that a message carries; rest where it is none."""
    rotation, translation = np.array(expression.head_rotation, float), np.array(expression.head_translation, float)
    length = float(np.linalg.norm(rotation))
    if not (np.isfinite(length) and length > 1e-6 and np.isfinite(translation).all()):
        return REST_POSE
    return HeadPose(rotation / length, translation)


def clean_weights(weights: F32) -> F32:
    """Weights within 0–1; what is not a number counts as rest."""
    return np.clip(np.nan_to_num(weights, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)


def face_of(expression: Expression) -> FacePose:
    """Weights and head pose that a message carries, made safe."""
    return clean_weights(expression.weights), pose_of(expression)


def portrait_camera(avatar: Avatar, width: int, height: int) -> Camera:
    """A camera that shows head and shoulders, for any size of picture in pixels."""
    framing = frame_head(avatar, width / height)
    return Camera.look_at(framing.position, framing.target, framing.fov_y_deg, width, height)
