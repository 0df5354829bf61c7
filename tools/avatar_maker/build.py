"""The whole character: geometry, light, morphs."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Character:
    """Ready to be written: mm, origin 1.65 m above the floor."""

    cloud: Cloud
    morphs: dict[str, Array]  # ARKit name to deltas [N, 3] mm
    head_share: Array  # [N] 1 where a splat follows the head, 0 where it stays with the body


def build_character(seed: int = SEED) -> Character:
    """Make it. The same seed gives the same numbers."""
    rng = np.random.default_rng(seed)
    parts = [make_skin(rng), make_lips(rng), make_mouth(rng), make_eyes(rng), make_brows(rng), make_garment(rng)]
    cloud = gather([light(gather(parts)), make_hair(rng)])
    cloud = replace(cloud, position=cloud.position)
    return Character(cloud, make_morphs(cloud), head_share(cloud))


def head_share(cloud: Cloud) -> Array:
    """The neck bends; the shoulders stay."""
    share = smoothstep(-120, -50, cloud.position[:, 1])
    return np.where(cloud.where("garment"), 0.0, np.where(cloud.where("skin", "under"), share, 1.0))
