"""Eyebrows: short hairs along an arch, fine at both ends, over a soft shade of the skin."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, make
from .eyes import mirror
from .sdf import Array, cast, gradient, smoothstep

BROW = np.array([0.20, 0.115, 0.075])


def make_brows(rng: np.random.Generator) -> Cloud:
    """Both brows; hairs differ from side to side."""
    return gather([_brow(rng), mirror(_brow(rng))])


def arch(u: Array) -> tuple[Array, Array, Array]:
    """Along the brow (0 by the nose, 1 at the temple): x, y of its middle, and its height, mm."""
    x = 12.5 + 37.5 * u
    y = 66.5 + 6.2 * np.sin(np.pi * np.clip(u * 0.80 + 0.02, 0, 1)) ** 1.3 - 2.6 * smoothstep(0.62, 1.0, u)
    return x, y, 6.6 * (1 - 0.80 * smoothstep(0.30, 1.0, u)) * smoothstep(-0.12, 0.16, u)


def _on_skin(x: Array, y: Array, lift: float) -> tuple[Array, Array]:
    origin = np.stack([x, y, np.full(len(x), 112.0)], axis=1)
    p = cast(solids.head, origin, np.array([0.0, 0, -1]), 40)
    n = gradient(solids.head, p)
    return p + lift * n, n


def _brow(rng: np.random.Generator) -> Cloud:
    u, v = rng.uniform(0, 1, 210), rng.uniform(-0.5, 0.5, 210)
    x, y, tall = arch(u)
    p, n = _on_skin(x, y + v * tall, 0.75)
    lean = np.radians(np.interp(u, [0, 0.12, 0.3, 0.65, 1], [78, 58, 36, 6, -22])) - 0.65 * v + rng.normal(0, 0.10, 210)
    along = np.stack([np.cos(lean), np.sin(lean), -0.25 - 0.6 * u], axis=1)
    size = rng.uniform(0.8, 1.15, 210)
    scale = np.stack([1.75 * size, np.full(210, 0.27), np.full(210, 0.16)], axis=1)
    color = BROW * rng.uniform(0.75, 1.35, (210, 1))
    hairs = make("brow", p, n, scale, color, tangent=along, opacity=0.80)
    u = np.linspace(0.03, 0.97, 30)
    x, y, tall = arch(u)
    p, n = _on_skin(x, y, 0.4)
    scale = np.stack([np.full(30, 1.5), tall * 0.27, np.full(30, 0.15)], axis=1)
    along = np.stack([np.gradient(x), np.gradient(y), 0 * x], axis=1)
    soft = make("brow", p, n, scale, BROW * 1.5, tangent=along, opacity=0.42)
    return gather([hairs, soft])
