"""A cloud of Gaussians under construction, and even sampling of surfaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial import cKDTree

from .sdf import Array, Sdf, gradient, to_surface, unit

PARTS = (
    "skin under garment upper_lip lower_lip bag upper_teeth lower_teeth gum tongue eye glint lid_inner lid_edge lash "
    "lid_shadow brow hair worn shell metal visor glow"
).split()
CANDIDATES = 5.0  # points per accepted one that `scatter` tries
PART = {name: number for number, name in enumerate(PARTS)}


@dataclass(frozen=True)
class Cloud:
    """N Gaussians. `a` and `b` are two parameters whose meaning belongs to the part (see the modules)."""

    position: Array  # [N, 3] mm
    normal: Array  # [N, 3] unit: the thin axis, and what light sees
    tangent: Array  # [N, 3] unit: the long axis
    scale: Array  # [N, 3] mm: standard deviation along tangent, across it, along the normal
    color: Array  # [N, 3] sRGB 0–1; albedo until lit
    opacity: Array  # [N]
    part: Array  # [N] of PARTS
    a: Array  # [N]
    b: Array  # [N]

    def __len__(self) -> int:
        return len(self.position)

    def where(self, *names: str) -> Array:
        """Mask [N] of some parts."""
        return np.isin(self.part, [PART[name] for name in names])


Values = Array | Sequence[float]


def make(part: str, position: Array, normal: Values, scale: Values, color: Values, *, tangent: Values | None = None,
         opacity: Array | float = 0.96, a: Array | float = 0.0, b: Array | float = 0.0) -> Cloud:
    """A cloud of one part; what is given once holds for all."""
    n = len(position)
    normal = unit(np.broadcast_to(np.asarray(normal, float), (n, 3)))
    if tangent is None:
        tangent = np.cross(normal, np.where(np.abs(normal[:, [1]]) > 0.9, [1.0, 0, 0], [0, 1.0, 0]))
    tangent = unit(np.broadcast_to(np.asarray(tangent, float), (n, 3)))
    tangent = unit(tangent - np.sum(tangent * normal, axis=1, keepdims=True) * normal)
    spread = [np.array(np.broadcast_to(np.asarray(v, float), (n,))) for v in (opacity, a, b)]
    size, tone = (np.array(np.broadcast_to(np.asarray(v, float), (n, 3))) for v in (scale, color))
    return Cloud(np.asarray(position, float), normal, tangent, size, tone, spread[0], np.full(n, PART[part]), spread[1],
                 spread[2])


def gather(clouds: Sequence[Cloud]) -> Cloud:
    """All in one."""
    return Cloud(*(np.concatenate([getattr(c, f.name) for c in clouds]) for f in fields(Cloud)))


def keep(cloud: Cloud, mask: Array) -> Cloud:
    """The chosen ones."""
    return Cloud(*(getattr(cloud, f.name)[mask] for f in fields(Cloud)))


def scatter(sdf: Sdf, low: Sequence[float], high: Sequence[float], per_mm2: float, rng: np.random.Generator,
            cell: float = 4.0, gap: Callable[[Array], Array] | None = None) -> Array:
    """Points on a surface inside a box, about `per_mm2` of them, not yet even.

    gap: how far apart they shall be in the end, mm; about `CANDIDATES` of them then lie within each one's gap.
    """
    axes = [np.arange(a, b, cell) + cell / 2 for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    near = grid[np.abs(sdf(grid)) < cell * 1.1]
    count = int(len(near) * cell**3 * per_mm2 / 2.0)  # within ±1 mm of the surface lie 2 mm³ for each mm²
    p = near[rng.integers(0, len(near), count)] + rng.uniform(-cell / 2, cell / 2, (count, 3))
    if gap is not None:
        p = p[rng.uniform(size=len(p)) < CANDIDATES / (per_mm2 * gap(p) ** 2)]
    p = p[np.abs(sdf(p)) < 1.0]
    return to_surface(sdf, p, 3)


def thin_out(points: Array, radius: Array) -> Array:
    """Indices of a subset in which no two are closer than the smaller of their radii (greedy, in order)."""
    taken, free = [], np.ones(len(points), bool)
    around = cKDTree(points).query_ball_point(points, radius)
    for i in range(len(points)):
        if free[i]:
            taken.append(i)
            free[around[i]] = False
    return np.array(taken, int)


def surface(part: str, sdf: Sdf, points: Array, radius: Array, color: Array | Sequence[float], *, flat: float = 0.22,
            fat: float = 0.78) -> Cloud:
    """Flat discs on a surface at points `radius` apart."""
    scale = np.stack([fat * radius, fat * radius, flat * radius], axis=1)
    return make(part, points, gradient(sdf, points), scale, color)
