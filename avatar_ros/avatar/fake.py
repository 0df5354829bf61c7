"""A small made-up head for tests and first runs: random splats on an egg, with every ARKit shape and one clip."""

from __future__ import annotations

import numpy as np

from ..core.arkit import ARKIT_NAMES
from .model import Avatar, Clip, Morphs, Neck

CENTRE_M = (0.0, 1.65, 0.0)
RADII_M = (0.09, 0.13, 0.1)


def fake_avatar(splats: int = 300, seed: int = 0, *, names: tuple[str, ...] = ARKIT_NAMES) -> Avatar:
    """A head of `splats` Gaussians of all kinds (needles, flakes, faint, solid); the same for the same seed."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(splats, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rotations = rng.normal(size=(splats, 4))
    positions = (CENTRE_M + directions * RADII_M).astype(np.float32)
    return Avatar(
        name=f"fake{seed}",
        positions=positions,
        scales=np.exp(rng.uniform(np.log(2e-4), np.log(2e-2), (splats, 3))).astype(np.float32),
        rotations=(rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
        colors=rng.random((splats, 3), np.float32),
        opacities=rng.uniform(0.002, 0.9999, splats).astype(np.float32),
        morphs=_morphs(rng, splats, names),
        clips={"idle": _nod()},
        neck=Neck(np.clip((positions[:, 1] - 1.54) / 0.1, 0, 1), (0.0, 1.6, -0.02)),
    )


def _morphs(rng: np.random.Generator, splats: int, names: tuple[str, ...]) -> Morphs:
    parts = []
    for _ in names:
        moved = np.flatnonzero(rng.random(splats) < 0.2)
        parts.append((moved, rng.normal(scale=0.004, size=(len(moved), 3))))
    return Morphs.from_parts(names, parts)


def _nod() -> Clip:
    """Two seconds of nodding about the head's centre."""
    times_s = np.linspace(0, 2, 61)
    angles = 0.1 * np.sin(np.pi * times_s)
    matrices = np.tile(np.eye(4), (len(times_s), 1, 1))
    matrices[:, 1, 1] = matrices[:, 2, 2] = np.cos(angles)
    matrices[:, 1, 2], matrices[:, 2, 1] = -np.sin(angles), np.sin(angles)
    centre = np.array(CENTRE_M)
    matrices[:, :3, 3] = centre - matrices[:, :3, :3] @ centre
    return Clip("idle", times_s.astype(np.float32), matrices.astype(np.float32))
