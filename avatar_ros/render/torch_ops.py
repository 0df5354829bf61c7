"""The parts of the GPU path that run on any torch device: the avatar's tensors, morphs, pose and compositing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..avatar.model import Avatar
from ..core.arrays import F32
from .base import AlphaKind


@dataclass(frozen=True, eq=False)
class DeviceAvatar:
    """An avatar as float32 tensors of one device."""

    positions: torch.Tensor  # [N, 3] metres
    scales: torch.Tensor  # [N, 3] metres
    rotations: torch.Tensor  # [N, 4] wxyz
    colors: torch.Tensor  # [N, 3] 0–1
    opacities: torch.Tensor  # [N] 0–max_alpha
    morph_matrix: torch.Tensor  # sparse CSR [3N, M]: delta of each coordinate at weight 1
    share: torch.Tensor | None  # [N, 1] how much a splat follows the head; None: all of them wholly
    shared_rotations: torch.Tensor  # [N, 4] rotations · share

    @classmethod
    def load(cls, avatar: Avatar, device: torch.device, max_alpha: float) -> DeviceAvatar:
        """Copy an avatar to a device; opacities are capped at max_alpha as in the other rasterisers."""
        def put(array) -> torch.Tensor:  # type: ignore[no-untyped-def]
            return torch.from_numpy(array).to(device)

        share, rotations = put(avatar.head_share)[:, None], put(avatar.rotations)
        return cls(
            put(avatar.positions), put(avatar.scales), rotations, put(avatar.colors),
            put(avatar.opacities).clamp(max=max_alpha), _morph_matrix(avatar).to(device),
            None if avatar.neck is None else share, rotations * share,
        )


def _morph_matrix(avatar: Avatar) -> torch.Tensor:
    morphs = avatar.morphs
    counts = torch.from_numpy(morphs.offsets).diff()
    column = torch.repeat_interleave(torch.arange(len(morphs.names)), counts)
    row = torch.from_numpy(morphs.indices.astype("int64"))[:, None] * 3 + torch.arange(3)
    indices = torch.stack([row.reshape(-1), column.repeat_interleave(3)])
    size = (3 * avatar.splats, len(morphs.names))
    values = torch.from_numpy(morphs.deltas).reshape(-1)
    return torch.sparse_coo_tensor(indices, values, size, check_invariants=False).coalesce().to_sparse_csr()


def morphed(scene: DeviceAvatar, weights: torch.Tensor) -> torch.Tensor:
    """Centres [N, 3] = base + Σ w·delta, for weights [M]."""
    if weights.numel() == 0:
        return scene.positions
    return scene.positions + (scene.morph_matrix @ weights[:, None]).reshape(-1, 3)


def upload(arrays: Sequence[np.ndarray], device: torch.device) -> list[torch.Tensor]:
    """Small float32 arrays to the device in one copy; each copy costs more than its bytes."""
    flat = np.concatenate([np.asarray(array, np.float32).ravel() for array in arrays])
    parts = torch.from_numpy(flat).to(device, non_blocking=True).split([array.size for array in arrays])
    return [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]


def turn_parts(head: np.ndarray) -> tuple[F32, F32, F32]:
    """A head matrix [4, 4] as `posed` takes it: turn [3, 3] and shift [3] that are added to a point, turn [4, 4] of a
    quaternion wxyz; all of them zero for a head at rest.
    """
    w, x, y, z = rotation_quaternion(np.asarray(head, np.float64)[:3, :3]) - (1, 0, 0, 0)
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    turn = (np.asarray(head, np.float64) - np.eye(4)).astype(np.float32)
    return turn[:3, :3], turn[:3, 3], left.astype(np.float32)


def rotation_quaternion(matrix: np.ndarray) -> np.ndarray:
    """Unit quaternion [4] wxyz of a rotation [3, 3] by less than 180°; w > 0."""
    axis = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    quaternion = np.array([1 + np.trace(matrix), *axis])
    return quaternion / max(float(np.linalg.norm(quaternion)), 1e-12)


def posed(scene: DeviceAvatar, points: torch.Tensor, turn: torch.Tensor, shift: torch.Tensor,
          left: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres [N, 3] and rotations [N, 4] after the head turned, each splat by its share (see `turn_parts`).

    The centres are those of linear blend skinning. The rotations are the mix of quaternions: gsplat normalises them, so
    the neck's splats do not shrink by the half percent that blending matrices costs at 12°.
    """
    if scene.share is None:
        raise ValueError("an avatar without a neck is posed by its view matrix")
    moved = torch.addcmul(points, scene.share, torch.addmm(shift, points, turn.T))
    return moved, torch.addmm(scene.rotations, scene.shared_rotations, left.T)


def thin_smoke(rgb: torch.Tensor, cover: torch.Tensor, smoke_cover: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Premultiplied rgb and cover times smoothstep(0, smoke_cover, cover); unchanged where smoke_cover is 0."""
    if smoke_cover <= 0:
        return rgb, cover
    t = (cover / smoke_cover).clamp(max=1)
    keep = t * t * (3 - 2 * t)
    return rgb * keep, cover * keep


def composite(rgb: torch.Tensor, cover: torch.Tensor, behind: torch.Tensor, alpha: AlphaKind) -> torch.Tensor:
    """RGBA uint8 [height, width, 4] of premultiplied rgb [height, width, 3] and cover [height, width, 1], 0–1.

    behind: colour [3] or picture [height, width, 3] of 0–1, for opaque frames.
    """
    if alpha == "opaque":
        rgb, cover = rgb + (1 - cover) * behind, torch.ones_like(cover)
    elif alpha == "straight":
        rgb = rgb / cover.clamp(min=1e-6)
    return (torch.cat([rgb, cover], dim=-1).clamp(0, 1) * 255 + 0.5).to(torch.uint8)
