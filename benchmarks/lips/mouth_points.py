"""Where the lips and the upper teeth of an avatar are, found in its mesh by what its morphs move.

Columns of the mouth: x of the middles of the two upper central incisors and of the midline between them. In each, the
lower lip and the upper lip are sets of vertices, and the edge of the upper teeth is one point, which no morph moves.

LAM's mesh (FLAME's 5023 vertices and one in the middle of each edge, so 20 018) has a hole instead of teeth: a ring of
64 vertices inside the lips. Its teeth are put where VHAP, which gives FLAME teeth, puts them (Qian 2024,
`FlameHead.add_teeth`): from the vertices of the lips' outer ring, of which 15 stand above and 15 below, the edge lies
at their mean height and a tenth of their mean distance higher, and 1.5 times that distance behind them. Splats of p2-1
that are as bright as teeth stand within 1 mm of the point on the midline.
Other avatars have teeth: the white splats between the lips that nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_ros.avatar.archive import AvatarArchive
from avatar_ros.avatar.lam_format import load_lam, read_mesh
from avatar_ros.core.arkit import ARKIT_NAMES
from avatar_ros.core.arrays import F32, F64
from avatar_ros.core.errors import ConfigError

LAM_VERTICES = 20018
#: FLAME's numbers of the lips' outer ring, from the avatar's left to its right (VHAP: lip_outside_ring_upper, _lower).
RING_UPPER = (1713, 1715, 1716, 1735, 1696, 1694, 1657, 3543, 2774, 2811, 2813, 2850, 2833, 2832, 2830)
RING_LOWER = (1576, 1577, 1773, 1774, 1795, 1802, 1865, 3503, 2948, 2905, 2898, 2881, 2880, 2713, 2712)
EDGE_UP, EDGE_BACK = 0.1, 1.5
#: Pairs of the ring in front of the central incisors: x of 6, 0 and -6 mm.
INCISORS = (6, 7, 8)
COLUMNS_MM = (6.0, 0.0, -6.0)
_COLUMN_HALF_MM = 2.5
#: Teeth of other avatars: brighter than this, less coloured than this (channels 0–1), moved by less than this.
_TOOTH_BRIGHT, _TOOTH_COLOURED, _STILL_MM = 0.6, 0.25, 0.05


@dataclass(frozen=True)
class Column:
    """Vertex numbers of the lower and the upper lip near one x; edge [3]: of the upper teeth there, mm.

    edge_of: the vertices that the edge was found from.
    """

    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    edge_mm: F64
    edge_of: tuple[int, ...]


@dataclass(frozen=True)
class MouthPoints:
    """rest [N, 3] mm and deltas [52, N, 3] mm at weight 1 of an avatar's vertices, and its mouth's columns."""

    rest: F32
    deltas: F32
    columns: tuple[Column, ...]

    def posed(self, vertices: NDArray[np.int64], weights: F32) -> F64:
        """Where these vertices are with weights [T, 52]: [T, K, 3] mm."""
        return np.tensordot(weights, self.deltas[:, vertices], 1) + self.rest[vertices].astype(float)


def mouth_points(avatar: Path) -> MouthPoints:
    """Of a LAM zip. Raises ConfigError where lips or teeth cannot be found."""
    with AvatarArchive(avatar) as archive:
        mesh = read_mesh(archive)
    rest = 1000 * mesh.positions
    deltas = np.zeros((len(ARKIT_NAMES), len(rest), 3), np.float32)
    for morph, name in enumerate(mesh.morphs.names):
        if name in ARKIT_NAMES:
            moved, by = mesh.morphs.part(morph)
            deltas[ARKIT_NAMES.index(name), moved] = 1000 * by
    lower, upper = _lips(avatar, rest, deltas)
    edges = _lam_edges(rest) if len(rest) == LAM_VERTICES else _found_edges(avatar, deltas, rest[lower | upper])
    columns = [Column(_near(rest, lower, edge[0]), _near(rest, upper, edge[0]), edge, of) for edge, of in edges]
    return MouthPoints(rest, deltas, tuple(columns))


def _lips(avatar: Path, rest: F32, deltas: F32) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which vertices are of the lower and of the upper lip: what puckering moves much, and the jaw a lot or little."""
    drop = -deltas[ARKIT_NAMES.index("jawOpen"), :, 1]
    pucker = np.linalg.norm(deltas[ARKIT_NAMES.index("mouthPucker")], axis=1)
    middle = np.abs(rest[:, 0]) < _COLUMN_HALF_MM
    mouth = pucker > 0.5 * pucker[middle].max(initial=0)
    most = drop[mouth & middle].max(initial=0)
    if most <= 0:
        raise ConfigError("avatar_lips", f"{avatar}: its lips cannot be found without morphs jawOpen and mouthPucker")
    return mouth & (drop > 0.5 * most), mouth & (drop < 0.25 * most)


def _near(rest: F32, lip: NDArray[np.bool_], x_mm: float) -> NDArray[np.int64]:
    return np.flatnonzero(lip & (np.abs(rest[:, 0] - x_mm) < _COLUMN_HALF_MM))


def _lam_edges(rest: F32) -> list[tuple[F64, tuple[int, ...]]]:
    upper, lower = rest[list(RING_UPPER)].astype(float), rest[list(RING_LOWER)].astype(float)
    apart = float(np.linalg.norm(upper - lower, axis=1).mean())
    edge = (upper + lower) / 2
    edge[:, 1] = edge[:, 1].mean() + EDGE_UP * apart
    edge[:, 2] -= EDGE_BACK * apart
    return [(edge[i], (RING_UPPER[i], RING_LOWER[i])) for i in INCISORS]


def _found_edges(avatar: Path, deltas: F32, lips: F32) -> list[tuple[F64, tuple[int, ...]]]:
    """The lowest of the white splats between the lips that stay where they are, by column."""
    head = load_lam(avatar)
    places = 1000 * head.positions
    still = np.abs(deltas).max(axis=(0, 2)) < _STILL_MM
    low, high = lips.min(axis=0) - 2, lips.max(axis=0) + 2
    inside = ((places > low) & (places < high)).all(axis=1) & (places[:, 2] < lips[:, 2].max())
    white = (head.colors.min(axis=1) > _TOOTH_BRIGHT) & (np.ptp(head.colors, axis=1) < _TOOTH_COLOURED)
    teeth = np.flatnonzero(still & inside & white)
    out: list[tuple[F64, tuple[int, ...]]] = []
    for x_mm in COLUMNS_MM:
        near = teeth[np.abs(places[teeth, 0] - x_mm) < _COLUMN_HALF_MM]
        if not len(near):
            raise ConfigError("avatar_teeth", f"{avatar}: no white splats between its lips at x {x_mm:g} mm")
        lowest = int(near[places[near, 1].argmin()])
        out.append((places[lowest].astype(float), (lowest,)))
    return out
