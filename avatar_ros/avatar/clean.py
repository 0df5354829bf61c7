"""Removing what spoils a picture: invisible splats, floaters far from any other, and oversized halos."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .model import Avatar, Morphs

INVISIBLE_OPACITY = 1 / 255
"""Below it no pixel of a splat reaches the rasterisers' threshold."""


@dataclass(frozen=True)
class CleanSettings:
    """What to remove at load."""

    drop_invisible: bool = True  # changes no pixel
    drop_floaters: bool = True
    floater_cell: float = 0.06  # of the head's height (wider where there are few splats): edge of a cell
    floater_neighbours: int = 3  # fewer others than this in the 27 cells around it
    max_scale: float = 0.25  # of the head's height: larger splats are halos


def clean(avatar: Avatar, settings: CleanSettings) -> Avatar:
    """The avatar without its invisible splats, floaters and halos."""
    keep = np.ones(avatar.splats, bool)
    if settings.drop_invisible:
        keep &= avatar.opacities >= INVISIBLE_OPACITY
    if settings.drop_floaters and keep.sum() > 100:
        low, high = np.percentile(avatar.positions[keep, 1], [1, 99])
        keep &= avatar.scales.max(axis=1) <= settings.max_scale * (high - low)
        if keep.any():
            cell = max(settings.floater_cell, 4 / np.sqrt(avatar.splats))  # a surface: spacing ~ 1 / √N
            crowd = neighbours(avatar.positions, cell * (high - low))
            keep &= crowd >= settings.floater_neighbours
    return avatar if keep.all() or not keep.any() else select(avatar, keep)


def neighbours(positions: np.ndarray, cell: float) -> np.ndarray:
    """For each point [N, 3] how many others lie in its cell (of edge `cell`) and the 26 around it."""
    cells = np.floor(np.clip((positions - positions.min(axis=0)) / max(cell, 1e-9), 0, 2**20 - 3)).astype(np.int64) + 1
    keys = (cells[:, 0] << 42) + (cells[:, 1] << 21) + cells[:, 2]
    unique, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    total = np.zeros(len(unique), np.int64)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for dz in (-1, 0, 1):
                around = unique + (dx << 42) + (dy << 21) + dz
                at = np.minimum(np.searchsorted(unique, around), len(unique) - 1)
                total += np.where(unique[at] == around, counts[at], 0)
    return total[inverse] - 1


def select(avatar: Avatar, keep: np.ndarray) -> Avatar:
    """The avatar with only the splats of the mask `keep` [N]; morphs follow."""
    number = np.cumsum(keep) - 1
    parts = []
    for m in range(len(avatar.morph_names)):
        indices, deltas = avatar.morphs.part(m)
        stays = keep[indices]
        parts.append((number[indices[stays]], deltas[stays]))
    return replace(
        avatar,
        positions=avatar.positions[keep],
        scales=avatar.scales[keep],
        rotations=avatar.rotations[keep],
        colors=avatar.colors[keep],
        opacities=avatar.opacities[keep],
        neck=avatar.neck and replace(avatar.neck, share=avatar.neck.share[keep]),
        morphs=Morphs.from_parts(avatar.morph_names, parts),
    )
