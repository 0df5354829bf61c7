"""Signed distances (mm, negative inside) of a few solids, how to join them, and how to find the surface.

Formulas after Inigo Quilez, "distance functions" and "smooth minimum" (iquilezles.org).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Sdf = Callable[[Array], Array]


def ellipsoid(p: Array, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Array:
    """Distance to an ellipsoid, first order: exact at the surface, close near it."""
    q = (p - centre) / radii
    k0 = np.linalg.norm(q, axis=1)
    k1 = np.linalg.norm(q / radii, axis=1)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-9)


def sphere(p: Array, centre: tuple[float, float, float], radius: float) -> Array:
    """Distance to a sphere."""
    return np.linalg.norm(p - np.asarray(centre), axis=1) - radius


def capsule(p: Array, a: tuple[float, float, float], b: tuple[float, float, float], ra: float,
            rb: float | None = None) -> Array:
    """Distance to a segment with a radius that goes from `ra` to `rb`."""
    start, axis = np.asarray(a, float), np.subtract(b, a).astype(float)
    t = np.clip((p - start) @ axis / (axis @ axis), 0, 1)
    radius = ra + ((ra if rb is None else rb) - ra) * t
    return np.linalg.norm(p - start - t[:, None] * axis, axis=1) - radius


def ring(p: Array, centre: tuple[float, float, float], radii: tuple[float, float], tube: float, tilt: float) -> Array:
    """Distance to an elliptic ring that lies in the xz plane, tilted forward by `tilt` (radians about x)."""
    q = rotate_x(p - np.asarray(centre), tilt)
    stretch = np.hypot(q[:, 0] / radii[0], q[:, 2] / radii[1])
    radius = np.hypot(q[:, 0], q[:, 2])
    return np.hypot(radius - radius / np.maximum(stretch, 1e-6), q[:, 1]) - tube


def rotate_x(p: Array, angle: float) -> Array:
    """Points turned about the x axis, radians."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([p[:, 0], c * p[:, 1] - s * p[:, 2], s * p[:, 1] + c * p[:, 2]], axis=1)


def join(a: Array, b: Array, k: float) -> Array:
    """Union with a fillet about `k` mm wide."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


def cut(a: Array, b: Array, k: float) -> Array:
    """`a` without `b`, with a fillet."""
    return -join(-a, b, k)


def mirrored(p: Array) -> Array:
    """Points folded onto the side x >= 0: symmetric solids are written once."""
    return np.stack([np.abs(p[:, 0]), p[:, 1], p[:, 2]], axis=1)


def gradient(sdf: Sdf, p: Array, step: float = 0.4) -> Array:
    """Unit normals by differences over a tetrahedron (four evaluations)."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], float)
    total = np.zeros_like(p)
    for corner in corners:
        total += corner * sdf(p + step * corner)[:, None]
    return unit(total)


def unit(v: Array) -> Array:
    """Vectors of length one."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)


def to_surface(sdf: Sdf, p: Array, steps: int = 6) -> Array:
    """Points moved onto the surface along the gradient."""
    for _ in range(steps):
        p = p - sdf(p)[:, None] * gradient(sdf, p)
    return p


def cast(sdf: Sdf, origin: Array, direction: Array, steps: int = 60) -> Array:
    """March rays until they meet the surface: points [N, 3] (where they miss, a point far along the ray)."""
    p = origin.copy()
    for _ in range(steps):
        p = p + np.clip(sdf(p), -4, 8)[:, None] * 0.8 * direction
    return p


def smoothstep(low: float | Array, high: float | Array, x: Array) -> Array:
    """0 at `low`, 1 at `high`, smooth between."""
    t = np.clip((x - low) / (np.asarray(high) - low), 0, 1)
    return t * t * (3 - 2 * t)
