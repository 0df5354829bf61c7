"""The whole character: geometry, light, morphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .body import make_garment
from .brows import make_brows
from .cloud import Cloud, gather
from .eyes import make_eyes
from .face import make_skin
from .hair import make_hair
from .lighting import light
from .lips import make_lips
from .morphs import make_morphs
from .mouth import make_mouth
from .sdf import Array, smoothstep

SEED = 20
HAIR = 103  # picked by eye among a few


@dataclass(frozen=True)
class Character:
    """Ready to be written: mm, origin 1.65 m above the floor."""

    cloud: Cloud
    morphs: dict[str, Array]  # ARKit name to deltas [N, 3] mm
    head_share: Array  # [N] 1 where a splat follows the head, 0 where it stays with the body


def build_character(seed: int = SEED) -> Character:
    """Make it. The same seed gives the same numbers."""
    makers = (make_skin, make_lips, make_mouth, make_eyes, make_brows, make_garment)
    parts = [maker(np.random.default_rng([seed, number])) for number, maker in enumerate(makers)]
    cloud = gather([light(gather(parts)), make_hair(np.random.default_rng([seed, HAIR]))])
    return Character(cloud, make_morphs(cloud), head_share(cloud))


def head_share(cloud: Cloud) -> Array:
    """The neck bends; the shoulders stay."""
    share = smoothstep(-120, -50, cloud.position[:, 1])
    return np.where(cloud.where("garment"), 0.0, np.where(cloud.where("skin", "under"), share, 1.0))
