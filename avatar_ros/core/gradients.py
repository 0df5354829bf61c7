"""Soft backgrounds as pictures: float32 [height, width, 3] of 0-255, made bytes without bands."""

from __future__ import annotations

import numpy as np

from .arrays import F32, U8
from .backdrop_words import Rgb

#: Studio: how much lighter the middle and darker the corners are than the colour, and where the middle is.
_LIGHTER, _DARKER = 0.38, 0.30
_MIDDLE_DOWN = 0.42
_DITHER_SEED = 7


def vertical(top: Rgb, bottom: Rgb, width: int, height: int) -> F32:
    """From one colour to the other, smoothly."""
    t = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None, None]
    t = t * t * (3 - 2 * t)
    rows = np.asarray(top, np.float32) * (1 - t) + np.asarray(bottom, np.float32) * t
    return np.ascontiguousarray(np.broadcast_to(rows, (height, width, 3)), np.float32)


def studio(colour: Rgb, width: int, height: int) -> F32:
    """A lamp behind the head: lighter around the middle, darker towards the corners, `colour` on the way."""
    side = float(np.hypot(width, height)) / 2
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / side
    y = (np.arange(height, dtype=np.float32) + 0.5 - _MIDDLE_DOWN * height) / side
    far = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2)
    t = np.clip(far / 1.1, 0, 1)
    t = (t * t * (3 - 2 * t))[..., None]
    base = np.asarray(colour, np.float32)
    bright, dark = base + _LIGHTER * (255 - base), base * (1 - _DARKER)
    return (bright * (1 - t) + dark * t).astype(np.float32)


def as_bytes(picture: F32) -> U8:
    """Rounded with half a level of still noise: a gradient of few levels shows no bands on a large panel."""
    height, width = picture.shape[:2]
    noise = np.random.default_rng(_DITHER_SEED).random((height, width, 1), np.float32)
    pixels: U8 = np.clip(np.floor(picture + noise), 0, 255).astype(np.uint8)
    return pixels
