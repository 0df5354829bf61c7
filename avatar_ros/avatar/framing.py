"""Where to put the camera so that head and shoulders fill the picture, above the bust's smoky edge."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees

import numpy as np

from .model import Avatar

DISTANCE = 2.5  # of the head's height: far enough for natural proportions
TOP_MARGIN = 0.07  # of the head's height, above the hair
BOTTOM_CROP = 0.06  # of the head's height: what fades into smoke at the shoulders
SIDE_MARGIN = 0.06  # of the head's width, each side


@dataclass(frozen=True)
class Framing:
    """A camera's place: metres, world; the vertical field of view in degrees."""

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    fov_y_deg: float


def frame_head(avatar: Avatar, aspect: float) -> Framing:
    """Camera for a picture of width / height = `aspect`, looking along -Z.

    Landscape and square pictures are filled from above the hair down to just above the fade. A portrait picture
    keeps that lower edge and widens until the head's sides fit, so the room goes above the head. The avatar's own
    `zoom` and `up_m` change that.
    """
    low, high = _solid_range(avatar, axis=1)
    height = high - low
    bottom, top = low + BOTTOM_CROP * height, high + TOP_MARGIN * height
    left, right = _solid_range(avatar, axis=0, above=low + 0.45 * height)
    needed = (right - left) * (1 + 2 * SIDE_MARGIN) / aspect
    middle, half = (bottom + top) / 2 + avatar.up_m, (top - bottom) / 2 / avatar.zoom
    bottom, top = middle - half, max(middle + half, middle - half + needed)
    distance = DISTANCE * height
    middle = (bottom + top) / 2
    front = float(np.average(avatar.positions[:, 2], weights=avatar.opacities))
    x = (left + right) / 2 if abs(left + right) > 0.1 * height else 0.0
    fov = 2 * degrees(atan((top - bottom) / 2 / distance))
    return Framing((x, middle, front + distance), (x, middle, front), fov)


def _solid_range(avatar: Avatar, axis: int, above: float = -np.inf) -> tuple[float, float]:
    """Range along an axis that holds all but 0.5 % of the opacity at each end, of the splats higher than `above`."""
    chosen = avatar.positions[:, 1] > above
    if not chosen.any():
        chosen[:] = True
    values, weights = avatar.positions[chosen, axis], avatar.opacities[chosen]
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / max(float(weights.sum()), 1e-9)
    low, high = np.interp((0.005, 0.995), share, values[order])
    return float(low), float(max(high, low + 1e-3))
