"""The picture behind the head, with the head's soft shadow upon it.

Made once for a size, then only looked at: a rasteriser knows by its read-only flag that it stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import F32
from ..core.backdrop_picture import painted
from ..core.backdrop_words import Backdrop
from ..core.gradients import as_bytes
from .base import Background

#: The shadow: a wide part around the head, and a nearer one below it to the right, as of a lamp to the upper left.
#: Standard deviation, shift right and down as shares of the picture's shorter side; how dark each is at shadow 1.
PARTS = ((0.10, 0.0, 0.02, 0.3), (0.035, 0.025, 0.035, 0.5))
SHADOW_PX = 192  # longer side at which shadows are worked out: they hold no detail


def drawn(backdrop: Backdrop, width: int, height: int, cover: F32 | None = None, shadow: float = 0.0) -> Background:
    """What `render` takes as background; a picture is read-only.

    cover: [h, w] of 0-1, how much the head at rest hides, of the same shape and any size; shadow: 0-1. Raises
    ConfigError for a picture that cannot be read.
    """
    if backdrop.kind == "transparent":
        return None
    shaded = shadow > 0 and cover is not None and backdrop.kind != "chroma"
    if backdrop.kind in ("colour", "chroma") and not shaded:
        red, green, blue = (part / 255 for part in backdrop.colours[0])
        return red, green, blue
    picture = painted(_cv2(), backdrop, width, height)
    if shaded and cover is not None:
        picture = picture * (1 - shadow * shade(cover, width, height)[..., None])
    pixels = as_bytes(picture) if shaded or backdrop.kind != "picture" else picture.astype(np.uint8)
    pixels.flags.writeable = False
    return pixels


def shade(cover: F32, width: int, height: int) -> F32:
    """How much darker a wall behind the head is, [height, width] of 0-1."""
    cv2 = _cv2()
    zoom = min(1.0, SHADOW_PX / max(width, height))
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    small, side = cv2.resize(cover, size, interpolation=cv2.INTER_AREA), min(size)
    total = np.zeros_like(small)
    for deviation, right, down, dark in PARTS:
        there = np.array([[1, 0, right * side], [0, 1, down * side]], np.float32)
        moved = cv2.warpAffine(small, there, size, borderMode=cv2.BORDER_REPLICATE)
        total += dark * cv2.GaussianBlur(moved, (0, 0), max(0.5, deviation * side), borderType=cv2.BORDER_REPLICATE)
    shaded: F32 = np.clip(cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    return shaded


def _cv2() -> Any:
    """OpenCV is large: a face before one colour, without a shadow, needs none."""
    import cv2

    return cv2
