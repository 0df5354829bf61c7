"""Bends the common head into a person's own, and everything on it with it: splats, their axes, and the morphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .cloud import Cloud
from .person import Person
from .sdf import Array, smoothstep, unit
from .solids import EYE

_STEP_MM = 0.05
_EYE_INNER_MM, _EYE_OUTER_MM = 22.0, 34.0  # an eyeball and its lids grow as one; beyond, the skin gives way


def bent(person: Person, p: Array) -> Array:
    """Points [N, 3] of the common head where they are in the person's."""
    side = np.where(p[:, [0]] < 0, -1.0, 1.0) * np.array([1.0, 0, 0]) + np.array([0, 1.0, 1.0])
    q = p * side
    moved = np.zeros_like(p)
    for push in person.shape:
        away = q - np.asarray(push.at)
        weight = np.exp(-np.sum((away / np.asarray(push.radii)) ** 2, axis=1, keepdims=True))
        moved += weight * (np.asarray(push.move) * _off_the_middle(q, push.at) + away * np.asarray(push.grow))
    from_eye = q - EYE
    near = smoothstep(_EYE_OUTER_MM, _EYE_INNER_MM, np.linalg.norm(from_eye, axis=1))[:, None]
    return p + (moved + (person.eye_size - 1) * near * from_eye) * side


def _off_the_middle(q: Array, at: tuple[float, float, float]) -> Array:
    """What is pushed sideways stays whole on the midline."""
    across = smoothstep(0, 8, q[:, [0]]) if at[0] > 0 else q[:, [0]] * 0
    return np.concatenate([across, np.ones((len(q), 2))], axis=1)


def jacobian(person: Person, p: Array) -> Array:
    """[N, 3, 3]: how small moves at p turn out."""
    columns = [(bent(person, p + d) - bent(person, p - d)) / (2 * _STEP_MM) for d in _STEP_MM * np.eye(3)]
    return np.stack(columns, axis=2)


def bend_normals(cloud: Cloud, turn: Array) -> Cloud:
    """Only the normals as they will be: for light, which is made on the common head."""
    normal = np.linalg.solve(np.swapaxes(turn, 1, 2), cloud.normal[..., None])[..., 0]
    return replace(cloud, normal=unit(normal))


def bend(person: Person, cloud: Cloud, normal: Array, turn: Array) -> Cloud:
    """The cloud at its final place; `normal`: already bent."""
    across = np.cross(cloud.normal, cloud.tangent)
    along, wide = (np.einsum("nij,nj->ni", turn, axis) for axis in (cloud.tangent, across))
    stretch = [np.linalg.norm(v, axis=1) for v in (along, wide)]
    tangent = unit(along - np.sum(along * normal, axis=1, keepdims=True) * normal)
    scale = cloud.scale * np.stack([*stretch, np.ones(len(cloud))], axis=1)
    return replace(cloud, position=bent(person, cloud.position), normal=normal, tangent=tangent, scale=scale)


def bend_morphs(morphs: dict[str, Array], turn: Array) -> dict[str, Array]:
    """Deltas of the common head as the person's own."""
    return {name: np.einsum("nij,nj->ni", turn, delta) for name, delta in morphs.items()}
