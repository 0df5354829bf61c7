"""Lashes: thin hairs that leave the lid forwards and curl away from it, longer and more slanted outwards."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud, gather, make
from .lids import lid_angle, lid_grid, lid_heights, on_lid
from .person import Eyes
from .sdf import Array, smoothstep
from .solids import LID_RADIUS

_STRETCHES = ((0.0, 0.35, 0.085), (0.35, 0.7, 0.065), (0.7, 1.0, 0.04))  # of a hair; half width, mm


def make_lashes(eyes: Eyes, rng: np.random.Generator) -> Cloud:
    """The dark line of the upper lid, its lashes, and the faint ones of the lower lid; left eye."""
    x = lid_grid(0.38)
    t, _, upper = lid_heights(x)
    thick = (0.20 + 0.16 * smoothstep(-0.6, 0.7, t)) * (0.6 + 0.4 * eyes.line)
    root = on_lid(x, lid_angle(x, upper), LID_RADIUS + 0.15 + 0.75 * smoothstep(0.0, -0.7, t))
    size = np.stack([np.full(len(x), 0.5), thick, np.full(len(x), 0.2)], axis=1)
    line = make(
        "lash",
        root,
        (0, -0.2, 1),
        size,
        eyes.lash,
        tangent=(1, 0, 0),
        opacity=np.clip(0.80 * eyes.line, 0, 0.92) * smoothstep(-1.0, -0.8, t),
        a=t,
        b=1.0,
    )
    return gather([line, *_row(eyes, 84, 1.0, rng), *_row(eyes, 40, -1.0, rng)])


def _row(eyes: Eyes, count: int, sign: float, rng: np.random.Generator) -> list[Cloud]:
    """All lashes of one lid (sign 1 upper, -1 lower); neighbours lean together in small tufts."""
    t = np.sort(rng.uniform(-0.90, 0.97, count))
    tuft = np.round(t * 11) / 11
    x = lid_grid(0.1)
    x = np.interp(t, np.linspace(-0.985, 0.985, len(x)), x)
    at, lower, upper = lid_heights(x)
    root = on_lid(x, lid_angle(x, upper if sign > 0 else lower), LID_RADIUS + 0.1)
    length = (1.9 + 3.0 * smoothstep(-0.7, 0.7, t)) * rng.uniform(0.72, 1.08, count) * eyes.lash_length
    length = length * (1.0 if sign > 0 else 0.45)
    lean = 0.95 * t + 1.6 * (tuft - t) + rng.normal(0, 0.16, count)
    fade = (
        smoothstep(-0.98, -0.55, t) * rng.uniform(0.65, 1.0, count) * (0.56 if sign > 0 else 0.07) * eyes.lash_opacity
    )

    def point(u: float) -> Array:
        rise, reach = sign * (0.05 * u + 0.55 * u * u), 0.85 * u - 0.20 * u * u
        way = np.stack([lean * u * (0.6 + 0.4 * u), np.full(count, rise), np.full(count, reach)], axis=1)
        return root + length[:, None] * way

    out = []
    for start, end, width in _STRETCHES:
        axis = point(end) - point(start)
        half = np.linalg.norm(axis, axis=1) / 2
        scale = np.stack([half * 0.8, np.full(count, width), np.full(count, width)], axis=1)
        out.append(
            make(
                "lash",
                (point(start) + point(end)) / 2,
                (0, 0, 1),
                scale,
                eyes.lash,
                tangent=axis,
                opacity=np.clip(fade * (1 - 0.35 * start), 0, 0.95),
                a=at,
                b=sign,
            )
        )
    return out
