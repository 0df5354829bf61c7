"""A whole character: geometry, light, morphs, on the common head first and then bent into the person's shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accessories import make_accessories
from .body import make_garment
from .brows import make_brows
from .cloud import Cloud, gather
from .eyes import make_eyes
from .face import make_skin
from .hair import make_hair
from .lighting import gloss_of_person, light
from .lips import make_lips
from .morphs import make_morphs
from .mouth import make_mouth
from .person import Person
from .sdf import Array, smoothstep
from .shape import bend, bend_morphs, bend_normals, jacobian
from .solids import Figure

_HAIR_SEED = 103


@dataclass(frozen=True)
class Character:
    """Ready to be written: mm, origin 1.65 m above the floor."""

    cloud: Cloud
    morphs: dict[str, Array]  # ARKit name to deltas [N, 3] mm
    head_share: Array  # [N] 1 where a splat follows the head, 0 where it stays with the body


def build_character(person: Person) -> Character:
    """Make it. The same person gives the same numbers."""
    makers = (make_skin, make_lips, make_mouth, make_eyes, make_brows, make_garment)
    parts = [maker(person, np.random.default_rng([person.seed, number])) for number, maker in enumerate(makers)]
    cloud = gather(parts + make_accessories(person))
    hair = make_hair(person, np.random.default_rng([person.seed, _HAIR_SEED]))
    normal = bend_normals(cloud, jacobian(person, cloud.position)).normal
    cloud = gather([light(cloud, normal, Figure(person).scene, gloss_of_person(person)), hair])
    turn = jacobian(person, cloud.position)
    final = bend(person, cloud, bend_normals(cloud, turn).normal, turn)
    return Character(final, bend_morphs(make_morphs(cloud), turn), head_share(cloud))


def head_share(cloud: Cloud) -> Array:
    """The neck bends; the shoulders stay."""
    share = smoothstep(-120, -50, cloud.position[:, 1])
    share = np.where(cloud.where("hair"), smoothstep(-135, -85, cloud.position[:, 1]), share)
    return np.where(cloud.where("garment"), 0.0, np.where(cloud.where("skin", "under", "hair"), share, 1.0))
