"""What an avatar is once loaded: splats, morphs and head clips, all in metres, Y up, the face towards +Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..core.arrays import F32
from ..core.types import AvatarVoice

LAM_WEIGHT_SCALES: Mapping[str, float] = {
    "jawOpen": 1.2,
    "mouthClose": 0.2,
    "mouthShrugUpper": 0.1,
    "mouthLowerDownLeft": 0.7,
    "mouthLowerDownRight": 0.7,
}
"""LAM's browser viewer multiplies these weights; right for its own Audio2Expression, it undoes closures of others."""


@dataclass(frozen=True, eq=False)
class Morphs:
    """Blend shapes, sparse: morph m moves splats `indices[offsets[m]:offsets[m+1]]` (ascending) by `deltas[…]`.

    A real LAM head touches a fifth of its splats per morph: 2.9 MB in this form, 12 MB dense.
    """

    names: tuple[str, ...]
    offsets: NDArray[np.int64]  # [M + 1]
    indices: NDArray[np.uint32]  # [E] splat numbers
    deltas: F32  # [E, 3] metres at weight 1

    @classmethod
    def from_parts(cls, names: Sequence[str], parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Morphs:
        """Join (indices [K], deltas [K, 3]) of each morph; order within a morph is made ascending."""
        ordered = [(i[order], d[order]) for i, d in parts for order in [np.argsort(i, kind="stable")]]
        counts = [len(i) for i, _ in ordered]
        return cls(
            names=tuple(names),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            indices=np.concatenate([np.empty(0, np.uint32), *(i for i, _ in ordered)]).astype(np.uint32),
            deltas=np.concatenate([np.empty((0, 3)), *(d for _, d in ordered)]).astype(np.float32),
        )

    def part(self, morph: int) -> tuple[NDArray[np.uint32], F32]:
        """Indices [K] and deltas [K, 3] of one morph (views)."""
        span = slice(int(self.offsets[morph]), int(self.offsets[morph + 1]))
        return self.indices[span], self.deltas[span]


NO_MORPHS = Morphs.from_parts((), ())


@dataclass(frozen=True, eq=False)
class Clip:
    """A head movement: `matrices[k]` is the head's at `times_s[k]`, seen from the chest; identity is the rest pose."""

    name: str
    times_s: F32  # [K] from 0, ascending
    matrices: F32  # [K, 4, 4] avatar space to avatar space

    @property
    def duration_s(self) -> float:
        return float(self.times_s[-1])

    def at(self, time_s: float, *, loop: bool = True) -> F32:
        """The head's matrix [4, 4] at a time; linear between keys (they are 1/30 s apart, so nearly rigid)."""
        if loop and self.duration_s > 0:
            time_s = time_s % self.duration_s
        x = float(np.interp(time_s, self.times_s, np.arange(len(self.times_s))))
        k = min(int(x), len(self.times_s) - 1)
        after = min(k + 1, len(self.times_s) - 1)
        return (self.matrices[k] * (1 - (x - k)) + self.matrices[after] * (x - k)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Neck:
    """What ties the head to shoulders that stay still."""

    share: F32  # [N] 0–1: how much a splat follows the head; 0 on the shoulders
    pivot: tuple[float, float, float]  # where the head turns, metres


@dataclass(frozen=True, eq=False)
class Avatar:
    """A head of N splats at rest, ready for a rasteriser."""

    name: str
    positions: F32  # [N, 3] metres, Y up, face towards +Z
    scales: F32  # [N, 3] metres, standard deviations along the splat's own axes
    rotations: F32  # [N, 4] unit quaternions wxyz, splat axes to avatar axes
    colors: F32  # [N, 3] sRGB, 0–1
    opacities: F32  # [N] 0–1
    morphs: Morphs = NO_MORPHS
    clips: Mapping[str, Clip] = field(default_factory=dict)
    neck: Neck | None = None  # None: all of it is head and moves as one
    zoom: float = 1.0  # of the usual view of the head
    up_m: float = 0.0  # by how much the middle of the view is higher
    locale: str = ""  # language that it asks for, BCP 47
    voices: tuple[AvatarVoice, ...] = ()  # that suit it

    @property
    def head_share(self) -> F32:
        """[N] 0–1: splat i moves by (1 - share)·identity + share·head."""
        return np.ones(self.splats, np.float32) if self.neck is None else self.neck.share

    @property
    def splats(self) -> int:
        return len(self.positions)

    @property
    def morph_names(self) -> tuple[str, ...]:
        return self.morphs.names

    @property
    def morph_deltas(self) -> F32:
        """Dense [M, N, 3]; large and made anew at each call, for references and tests."""
        out = np.zeros((len(self.morph_names), self.splats, 3), np.float32)
        for m in range(len(self.morph_names)):
            indices, deltas = self.morphs.part(m)
            out[m, indices] = deltas
        return out

    def extent(self) -> tuple[F32, F32]:
        """Lowest and highest corner [3], [3] of the splat centres at rest, metres."""
        return self.positions.min(axis=0), self.positions.max(axis=0)


def arkit_columns(morph_names: Sequence[str]) -> NDArray[np.int64]:
    """For each morph its column in ARKIT_NAMES, matched by name; -1 where ARKit has no such shape."""
    return np.array([ARKIT_INDEX.get(name, -1) for name in morph_names], np.int64)


def missing_shapes(morph_names: Sequence[str]) -> tuple[str, ...]:
    """ARKit shapes that the avatar does not have (LAM's own lack tongueOut)."""
    return tuple(name for name in ARKIT_NAMES if name not in set(morph_names))


def weight_scales(lam_scaling: bool) -> F32:
    """Factor [52] for each ARKit weight: ones, or those of LAM's viewer."""
    scales = LAM_WEIGHT_SCALES if lam_scaling else {}
    return np.array([scales.get(name, 1.0) for name in ARKIT_NAMES], np.float32)
