"""Lids that turn about the eyeball and eyeballs that turn in it, for one side (sign 1 left, -1 right)."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud
from .lids import closed_height, lid_angle, lid_heights
from .sdf import Array, smoothstep
from .solids import EYE, LID_RADIUS

OUT_DEG, IN_DEG, UP_DEG, DOWN_DEG = 30.0, 30.0, 25.0, 30.0  # what the project's gaze counts on
CLOSED_LIFT = 1.3  # mm: a straight path from open to closed would cut into the eyeball without it
UPPER_SKIN, LOWER_SKIN = 13.0, 12.0  # mm of skin that follow the edge of each lid


def make(cloud: Cloud, sign: float) -> dict[str, Array]:
    """Shapes of one eye, by name without its side."""
    lids = _Lids(cloud, sign)
    wide = lids.upper(-0.30) + lids.lower(-0.10)
    return {
        "eyeBlink": lids.upper(1.0) + lids.lower(1.0),
        "eyeWide": wide,
        "eyeSquint": lids.upper(0.16) + lids.lower(2.1),
        "eyeLookUp": turn_eye(cloud, sign, -UP_DEG, 0) + lids.upper(-0.22) + lids.lower(0.5),
        "eyeLookDown": turn_eye(cloud, sign, DOWN_DEG, 0) + lids.upper(0.42) + lids.lower(-1.5),
        "eyeLookIn": turn_eye(cloud, sign, 0, -IN_DEG * sign),
        "eyeLookOut": turn_eye(cloud, sign, 0, OUT_DEG * sign),
    }


def turn_eye(cloud: Cloud, sign: float, down_deg: float, left_deg: float) -> Array:
    """Turn the eyeball about its middle; reflections follow a little, as they do on a real cornea."""
    rows = cloud.where("eye", "glint") & (cloud.position[:, 0] * sign > 0)
    middle = EYE * np.array([sign, 1, 1])
    a, b = np.radians(down_deg), np.radians(left_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    out = np.zeros_like(cloud.position)
    p = cloud.position[rows] - middle
    share = np.where(cloud.where("glint")[rows], 0.12, 1.0)[:, None]
    out[rows] = share * (p @ (about_x @ about_y).T - p)
    return out


class _Lids:
    """Both lids of one side: how far each splat turns when the eye closes, and its path."""

    def __init__(self, cloud: Cloud, sign: float) -> None:
        q = cloud.position * np.array([sign, 1, 1])
        self._sign, self._q = sign, q
        t, low, high = lid_heights(q[:, 0])
        inside = np.abs(t) < 1
        meet = closed_height(q[:, 0])
        here = (q[:, 0] > 0) & (q[:, 2] > EYE[2] - 8)
        skin = cloud.where("skin", "brow") & here & (np.abs(q[:, 1] - EYE[1]) < 40)
        edge = cloud.where("lid_edge", "lash", "lid_shadow") & here
        above = np.clip((q[:, 1] - high) / UPPER_SKIN, 0, 1)
        below = np.clip((low - q[:, 1]) / LOWER_SKIN, 0, 1)
        upper_skin = skin & (q[:, 1] > meet) & inside
        lower_skin = skin & (q[:, 1] <= meet) & inside
        self._upper = np.where(upper_skin, 1 - smoothstep(0, 1, above), 0.0)
        self._upper[(edge & (cloud.b > 0)) | (cloud.where("lid_inner") & here)] = 1.0
        self._lower = np.where(lower_skin, 1 - smoothstep(0, 1, below), 0.0)
        self._lower[edge & (cloud.b < 0)] = 1.0
        x = q[:, 0]
        self._upper_turn = np.where(inside, lid_angle(x, high) - lid_angle(x, meet), 0.0)
        self._lower_turn = np.where(inside, lid_angle(x, low) - lid_angle(x, meet), 0.0)

    def upper(self, share: float) -> Array:
        """The upper lid turned down by a share of the way to closing."""
        return self._turn(share * self._upper * self._upper_turn, CLOSED_LIFT * max(share, 0.0) * self._upper)

    def lower(self, share: float) -> Array:
        """The lower lid turned up by a share of its small part in closing."""
        return self._turn(share * self._lower * self._lower_turn, 0.25 * max(share, 0.0) * self._lower)

    def _turn(self, angle: Array, lift: Array) -> Array:
        dy, dz = self._q[:, 1] - EYE[1], self._q[:, 2] - EYE[2]
        radius, at = np.hypot(dy, dz), np.arctan2(dy, dz)
        grown = radius + lift * smoothstep(0.0, 0.3, np.abs(angle)) * np.clip(LID_RADIUS / np.maximum(radius, 1), 0, 1)
        new = np.stack([0 * dy, grown * np.sin(at - angle) - dy, grown * np.cos(at - angle) - dz], axis=1)
        return np.where(np.abs(angle)[:, None] > 1e-5, new, 0.0)
