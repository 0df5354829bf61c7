"""The 52 ARKit shapes as displacement fields (mm at weight 1). Sizes were compared with real LAM avatars.

Left is the character's own left, +x. Fields are smooth functions of the place at rest and of the part, so that skin
and lips, sampled apart, move as one.
"""

from __future__ import annotations

import numpy as np

from . import eye_morphs, mouth_morphs
from .cloud import Cloud
from .sdf import Array, smoothstep


def make_morphs(cloud: Cloud) -> dict[str, Array]:
    """Name to deltas [N, 3]."""
    fields: dict[str, Array] = {}
    fields |= mouth_morphs.make(cloud)
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        fields |= {name + side: field for name, field in eye_morphs.make(cloud, sign).items()}
        fields |= {name + side: bumps(cloud, sign, *BUMPS[name]) for name in BUMPS}
    fields["browInnerUp"] = both_sides(cloud, ((13, 69), (15, 15), (0, 6.8, 0)))
    fields["cheekPuff"] = fields["cheekPuff"] + both_sides(cloud, ((40, -16), (19, 20), (5.0, 0, 6.5)))
    return fields


Bump = tuple[tuple[float, float], tuple[float, float], tuple[float, float, float]]
# name: bumps of (x, y of the middle), (radii), (how far the middle moves), for the left side
BUMPS: dict[str, tuple[Bump, ...]] = {
    "browDown": (((20, 68), (17, 13), (-3.2, -6.6, 1.0)), ((40, 69), (14, 13), (-0.6, -3.2, 0.3))),
    "browOuterUp": (((42, 70), (16, 14), (0, 7.2, -0.8)),),
    "cheekSquint": (((41, 15), (18, 12), (-0.5, 5.6, 1.8)), ((33, 30), (16, 7), (0, 1.6, 0.4))),
    "noseSneer": (((10, 8), (9, 11), (0.6, 3.6, 0.3)), ((9, 34), (9, 14), (-0.4, 1.6, 0.9)),
                  ((12, -14), (11, 8), (0.4, 2.6, 0.6)), ((13, 62), (10, 9), (-1.0, -2.6, 0.4))),
}


def bumps(cloud: Cloud, sign: float, *shapes: Bump) -> Array:
    """Sum of smooth bumps on the front of the face, of one side."""
    p = cloud.position
    moves = cloud.where("skin", "under", "brow", "upper_lip", "lid_edge", "lash")
    moves &= ~(cloud.where("lid_edge", "lash") & (p[:, 1] > 40))  # the eye's own shapes move the upper lid's edge
    front = smoothstep(22, 44, p[:, 2]) * moves
    total = np.zeros_like(p)
    for (x, y), (rx, ry), way in shapes:
        weight = np.exp(-(((p[:, 0] * sign - x) / rx) ** 2) - ((p[:, 1] - y) / ry) ** 2)
        total += (front * weight)[:, None] * np.array([way[0] * sign, way[1], way[2]])
    return total


def both_sides(cloud: Cloud, shape: Bump) -> Array:
    """A bump of the left side and its mirror image."""
    return bumps(cloud, 1.0, shape) + bumps(cloud, -1.0, shape)
