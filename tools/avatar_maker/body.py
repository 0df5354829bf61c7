"""What is worn: a knitted jumper."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, make, scatter, surface, thin_out
from .noise import noise
from .person import Garment, Person
from .sdf import Array, gradient, smoothstep
from .solids import Figure


def make_garment(person: Person, rng: np.random.Generator) -> Cloud:
    """Shoulders and collar, with a coarse layer beneath; ribbed like a knit."""
    figure, worn = Figure(person), person.garment
    points = scatter(figure.garment, (-215, -272, -125), (215, -70, 95), 0.7, rng, gap=lambda p: spacing(figure, p))
    points = points[(points[:, 1] > -268) & (solids.head(points) > -3)]
    points = points[thin_out(points, spacing(figure, points))]
    full = spacing(figure, points) * (1 + 0.35 * smoothstep(10, 3, figure.collar(points)))
    outer = surface("garment", figure.garment, points, full, knit_color(figure, worn, points), fat=0.68)
    base = points[figure.collar(points) > 8]
    base = base[thin_out(base, np.full(len(base), 9.0))]
    normal = gradient(figure.garment, base)
    under = make("garment", base - 2.5 * normal, normal, (7, 7, 0.8), knit_color(figure, worn, base) * 0.9)
    return gather([outer, under])


def spacing(figure: Figure, p: Array) -> Array:
    """Finer at the collar, coarse behind and at the bottom."""
    near = smoothstep(14, 4, np.abs(figure.collar(p)))
    return 6.4 - 3.7 * near + 2.4 * smoothstep(-20, -70, p[:, 2]) * (1 - near)


def knit_color(figure: Figure, worn: Garment, p: Array) -> Array:
    """Ribs run upright around the collar; the rest is uneven as wool is."""
    on_collar = smoothstep(4, 1, figure.collar(p))
    rib = np.cos(np.arctan2(p[:, 0], p[:, 2] + 18) * 70) * on_collar
    trim = np.asarray(worn.trim or worn.color)
    tone = np.asarray(worn.color) + on_collar[:, None] * (trim - np.asarray(worn.color))
    return np.clip(tone * (1 + worn.ribs * rib + 0.07 * on_collar + 0.035 * noise(p, 9.0, 41))[:, None], 0, 1)
