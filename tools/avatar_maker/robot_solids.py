"""The robot as solids, mm: a rounded box for a head with a flush visor, a ribbed neck, a torso of plastic."""

from __future__ import annotations

import numpy as np

from .sdf import Array, capsule, ellipsoid, join, mirrored, ring, sphere

HEAD, HEAD_HALF, HEAD_ROUND = np.array([0.0, 40.0, -4.0]), np.array([86.0, 92.0, 78.0]), 58.0
VISOR, VISOR_HALF, VISOR_ROUND = (0.0, 33.0), (68.0, 68.0), 44.0
EYE = (33.0, 48.0)
EYE_RADIUS, PUPIL_RADIUS = 19.5, 9.0
MOUTH_Y, MOUTH_HALF = -11.0, 27.0
EAR_X = 84.0


def head(p: Array) -> Array:
    """A box whose edges are round."""
    q = np.abs(p - HEAD) - (HEAD_HALF - HEAD_ROUND)
    return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - HEAD_ROUND


def front(x: Array, y: Array) -> Array:
    """Depth z of the head's front at (x, y)."""
    inner = HEAD_HALF - HEAD_ROUND
    over = np.maximum(np.abs(x) - inner[0], 0) ** 2 + np.maximum(np.abs(y - HEAD[1]) - inner[1], 0) ** 2
    return HEAD[2] + inner[2] + np.sqrt(np.maximum(HEAD_ROUND**2 - over, 1.0))


def on_front(x: Array, y: Array, above: Array | float = 0.0) -> Array:
    """Points [N, 3] on the head's front, `above` mm before it."""
    return np.stack([x, y, front(x, y) + above], axis=1)


def visor_edge(p: Array) -> Array:
    """Distance in the picture's plane to the visor's outline, negative inside."""
    q = np.abs(p[:, :2] - VISOR) - (np.array(VISOR_HALF) - VISOR_ROUND)
    flat = np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - VISOR_ROUND
    return np.where(p[:, 2] > 0, flat, 99.0)


def ears(p: Array) -> Array:
    """Round caps at both sides."""
    q = mirrored(p)
    return join(capsule(q, (EAR_X - 6, 40, -4), (EAR_X + 1, 40, -4), 27.0), sphere(q, (EAR_X + 8, 40, -4), 19.0), 6)


def antenna(p: Array) -> Array:
    """The stalk; its ball glows."""
    return capsule(p, (0, 128, -6), (0, 150, -6), 2.6)


def neck(p: Array) -> Array:
    """A stack of rings."""
    d = capsule(p, (0, -150, -10), (0, -50, -8), 27.0)
    for y in (-66.0, -80.0, -94.0, -108.0):
        d = join(d, ring(p, (0, y, -9), (27.5, 27.5), 5.0, 0.0), 3)
    return d


def torso(p: Array) -> Array:
    """Chest and shoulders."""
    q = mirrored(p)
    d = ellipsoid(p, (0, -250, -14), (132, 126, 82))
    d = join(d, capsule(q, (0, -160, -14), (118, -186, -16), 38, 42), 30)
    return join(d, ring(p, (0, -122, -10), (38, 36), 9.0, -0.12), 8)


def scene(p: Array) -> Array:
    """All of it, for light."""
    parts = (head(p), ears(p), neck(p), torso(p))
    return np.minimum.reduce(parts)
