"""Where the lids are: the edges of the left eye's opening at rest, and how a lid lies on the eyeball."""

from __future__ import annotations

import numpy as np

from .sdf import Array
from .solids import EYE, LID_RADIUS

OPENING_HALF_WIDTH = 17.3
CLOSED_AT = 0.16  # how far up from the lower lid the two lids meet, as a share of the opening


def lid_heights(x: Array) -> tuple[Array, Array, Array]:
    """For x (mm, left eye): t along the opening, heights of the lower and the upper lid's edge at rest."""
    t = (x - EYE[0]) / OPENING_HALF_WIDTH
    inner = np.clip(t, -1, 1)
    up = inner + 0.10 * (1 - inner**2)
    low = inner - 0.14 * (1 - inner**2)
    tilt = EYE[1] - 0.4 + 1.3 * inner
    upper = tilt + 7.9 * np.maximum(1 - np.abs(up) ** 2.0, 0) ** 0.92
    lower = tilt - 7.3 * np.maximum(1 - np.abs(low) ** 1.9, 0)
    return t, lower, upper


def closed_height(x: Array) -> Array:
    """Where the lids meet, mm."""
    _, lower, upper = lid_heights(x)
    return lower + CLOSED_AT * (upper - lower)


def lid_angle(x: Array, y: Array, radius: float = LID_RADIUS) -> Array:
    """Elevation about the eyeball's horizontal axis of the lid point at (x, y), radians."""
    rho = np.sqrt(np.maximum(radius**2 - (x - EYE[0]) ** 2, 9.0))
    return np.arcsin(np.clip((y - EYE[1]) / rho, -0.98, 0.98))


def on_lid(x: Array, angle: Array, radius: Array | float) -> Array:
    """Point at x and an elevation on a sphere around the eyeball."""
    rho = np.sqrt(np.maximum(np.asarray(radius) ** 2 - (x - EYE[0]) ** 2, 9.0))
    return np.stack([x, EYE[1] + rho * np.sin(angle), EYE[2] + rho * np.cos(angle)], axis=-1)


def lid_grid(step: float) -> Array:
    t = np.arange(-0.985, 0.99, step / OPENING_HALF_WIDTH)
    return EYE[0] + OPENING_HALF_WIDTH * t
