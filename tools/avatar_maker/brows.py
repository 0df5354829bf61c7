"""Eyebrows: fine hairs along an arch, in two layers, over a soft shade of the skin."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, make
from .eyes import mirror
from .person import Brows, Person
from .sdf import Array, cast, gradient, smoothstep


def make_brows(person: Person, rng: np.random.Generator) -> Cloud:
    """Both brows; hairs differ from side to side."""
    return gather([_brow(person.brows, rng), mirror(_brow(person.brows, rng))])


def arch(brows: Brows, u: Array) -> tuple[Array, Array, Array]:
    """Along the brow (0 by the nose, 1 at the temple): x, y of its middle, and its height, mm."""
    x = 12.0 + 38.5 * u
    rise = 6.2 * brows.arch * np.sin(np.pi * np.clip(u * 0.80 + 0.02, 0, 1)) ** 1.3
    y = 65.0 + brows.lift_mm + rise - 3.0 * smoothstep(0.62, 1.0, u)
    return x, y, 6.4 * brows.thick * (1 - 0.80 * smoothstep(0.30, 1.0, u)) * smoothstep(-0.14, 0.18, u)


def _on_skin(x: Array, y: Array, lift: float) -> tuple[Array, Array]:
    origin = np.stack([x, y, np.full(len(x), 112.0)], axis=1)
    p = cast(solids.head, origin, np.array([0.0, 0, -1]), 40)
    n = gradient(solids.head, p)
    return p + lift * n, n


def _brow(brows: Brows, rng: np.random.Generator) -> Cloud:
    return gather([_hairs(brows, rng), _shade(brows)])


def _hairs(brows: Brows, rng: np.random.Generator) -> Cloud:
    """Upright by the nose, then swept along the arch; those from below lean up, those from above down onto it."""
    count = brows.hairs
    u, v = rng.uniform(0, 1, count) ** 0.9, rng.normal(0, 0.24, count).clip(-0.55, 0.55)
    x, y, tall = arch(brows, u)
    p, n = _on_skin(x, y + v * tall, 0.6)
    lean = np.interp(u, [0, 0.10, 0.25, 0.6, 1], [80, 60, 34, 6, -24])
    lean = np.radians(lean) - 0.75 * v + rng.normal(0, 0.13, count)
    along = np.stack([np.cos(lean), np.sin(lean), -0.25 - 0.6 * u], axis=1)
    size = rng.uniform(0.75, 1.2, count) * (1 - 0.30 * smoothstep(0.7, 1.0, u)) * (0.8 + 0.2 * brows.thick)
    wide = rng.uniform(0.12, 0.19, count)
    scale = np.stack([1.75 * size, wide, 0.7 * wide], axis=1)
    color = np.clip(np.asarray(brows.color) * rng.uniform(0.7, 1.5, (count, 1)), 0, 1)
    faint = brows.opacity * rng.uniform(0.6, 1.1, count) * (1 - 0.4 * smoothstep(0.3, 0.55, np.abs(v)))
    return make("brow", p, n, scale, color, tangent=along, opacity=np.clip(faint, 0, 0.95))


def _shade(brows: Brows) -> Cloud:
    u = np.linspace(0.03, 0.97, 34)
    x, y, tall = arch(brows, u)
    p, n = _on_skin(x, y, 0.35)
    scale = np.stack([np.full(34, 1.5), tall * 0.25, np.full(34, 0.15)], axis=1)
    along = np.stack([np.gradient(x), np.gradient(y), 0 * x], axis=1)
    return make("brow", p, n, scale, np.clip(np.asarray(brows.color) * 1.35, 0, 1), tangent=along,
                opacity=0.40 * brows.opacity)
