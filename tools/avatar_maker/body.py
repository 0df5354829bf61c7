"""The jumper."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, make, scatter, surface, thin_out
from .sdf import Array, gradient, smoothstep

KNIT = np.array([0.17, 0.40, 0.43])


def make_garment(rng: np.random.Generator) -> Cloud:
    """Shoulders and collar, with a coarse layer beneath; ribbed like a knit."""
    points = scatter(solids.garment, (-215, -272, -125), (215, -88, 90), 0.45, rng)
    points = points[(points[:, 1] > -268) & (solids.head(points) > -3)]
    points = points[thin_out(points, spacing(points))]
    full = spacing(points) * (1 + 0.35 * smoothstep(10, 3, solids.collar(points)))
    outer = surface("garment", solids.garment, points, full, knit_color(points), fat=0.68)
    base = points[solids.collar(points) > 8]
    base = base[thin_out(base, np.full(len(base), 9.0))]
    normal = gradient(solids.garment, base)
    under = make("garment", base - 2.5 * normal, normal, (7, 7, 0.8), knit_color(base) * 0.9)
    return gather([outer, under])


def spacing(p: Array) -> Array:
    """Finer at the collar, coarse behind and at the bottom."""
    near = smoothstep(14, 4, np.abs(solids.collar(p)))
    return 6.6 - 3.9 * near + 2.4 * smoothstep(-20, -70, p[:, 2]) * (1 - near)


def knit_color(p: Array) -> Array:
    """Teal with ribs: around the collar they run upright, on the body they follow the shoulders."""
    on_collar = smoothstep(4, 1, solids.collar(p))
    angle = np.arctan2(p[:, 0], p[:, 2] + 18)
    rib = np.cos(angle * 70) * on_collar
    tone = KNIT * (1 + 0.16 * rib + 0.07 * on_collar)[:, None]
    return np.clip(tone, 0, 1)
