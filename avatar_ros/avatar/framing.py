"""Where to put the camera so that head and shoulders fill the picture, above the bust's smoky edge."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class HeadExtent:
    """What a picture must show, metres, margins included; the same for every picture's shape."""

    bottom_m: float  # just above the fade
    top_m: float  # above the hair
    width_m: float  # of the head, which a portrait picture must not cut off
    x_m: float  # of the picture's middle
    front_m: float  # z of the face's middle
    distance_m: float  # from there to the camera


def frame_head(avatar: Avatar, aspect: float) -> Framing:
    """Camera for a picture of width / height = `aspect`, looking along -Z.

    Landscape and square pictures are filled from above the hair down to just above the fade. A portrait picture
    keeps that lower edge and widens until the head's sides fit, so the room goes above the head. The avatar's own
    `zoom` and `up_m` change that.
    """
    extent = head_extent(avatar)
    top = max(extent.top_m, extent.bottom_m + extent.width_m / aspect)
    middle = (extent.bottom_m + top) / 2
    x, front, distance = extent.x_m, extent.front_m, extent.distance_m
    fov = 2 * degrees(atan((top - extent.bottom_m) / 2 / distance))
    return Framing((x, middle, front + distance), (x, middle, front), fov)


def head_extent(avatar: Avatar) -> HeadExtent:
    """Measures of the head that a camera is placed by."""
    low, high = _solid_range(avatar, axis=1)
    height = high - low
    left, right = _solid_range(avatar, axis=0, above=low + 0.45 * height)
    bottom, top = low + BOTTOM_CROP * height, high + TOP_MARGIN * height
    middle, half = (bottom + top) / 2 + avatar.up_m, (top - bottom) / 2 / avatar.zoom
    return HeadExtent(
        bottom_m=middle - half,
        top_m=middle + half,
        width_m=(right - left) * (1 + 2 * SIDE_MARGIN),
        x_m=(left + right) / 2 if abs(left + right) > 0.1 * height else 0.0,
        front_m=float(np.average(avatar.positions[:, 2], weights=avatar.opacities)),
        distance_m=DISTANCE * height,
    )


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


def head_pivot(avatar: Avatar) -> NDArray[np.float64]:
    """Where the head turns, metres: its joint, or a third of the way up a cloud that has none."""
    if avatar.neck is not None:
        return np.array(avatar.neck.pivot)
    low, high = np.percentile(avatar.positions.astype(np.float64), [1, 99], axis=0)
    return np.array([(low[0] + high[0]) / 2, low[1] + 0.33 * (high[1] - low[1]), (low[2] + high[2]) / 2 - 0.02])
