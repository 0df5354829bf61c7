"""Which way is up in a file of splats: most programs write Y up, trainers of 3D Gaussian Splatting Y down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.errors import ConfigError
from .model import Avatar

Y_UP = "y_up"
_HALF = np.sqrt(0.5)
#: Name -> turn about the X axis that makes Y up and lets the face look towards +Z: cosine and sine of half its angle.
AXES = {Y_UP: (1.0, 0.0), "y_down": (0.0, 1.0), "z_up": (_HALF, -_HALF), "z_down": (_HALF, _HALF)}
#: A bust is wider at its shoulders than at its hair.
_UPSIDE_DOWN = 0.8


def turned(avatar: Avatar, axes: str) -> Avatar:
    """An avatar without joints, brought upright. Raises ConfigError for unknown axes."""
    if axes not in AXES:
        raise ConfigError("avatar_axes", f"axes are '{axes}'; known: {', '.join(AXES)}")
    if axes == Y_UP:
        return avatar
    c, s = AXES[axes]
    w, x, y, z = avatar.rotations.T
    rotations = np.stack([c * w - s * x, c * x + s * w, c * y - s * z, c * z + s * y], axis=1)
    cos, sin = c * c - s * s, 2 * c * s
    about_x = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    positions = (avatar.positions @ about_x.T).astype(np.float32)
    return replace(avatar, positions=positions, rotations=rotations.astype(np.float32))


def may_be_upside_down(avatar: Avatar) -> bool:
    """Whether a head seems to hang: all of it below the ground, or wider above than below."""
    height = avatar.positions[:, 1]
    low, high = np.percentile(height, [1, 99])
    below, above = (_width(avatar, (height - low) / max(high - low, 1e-9), part) for part in ((0, 0.25), (0.75, 1)))
    return bool(high < 0 or below < _UPSIDE_DOWN * above)


def _width(avatar: Avatar, share: np.ndarray, part: tuple[float, float]) -> float:
    """How wide the splats are whose share of the height lies in `part`, metres."""
    x = avatar.positions[(share >= part[0]) & (share <= part[1]), 0]
    return float(np.subtract(*np.percentile(x, [95, 5]))) if len(x) else 0.0
