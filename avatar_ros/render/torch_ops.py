"""The parts of the GPU path that run on any torch device: the avatar's tensors, morphing and compositing."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..avatar.model import Avatar
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

    @classmethod
    def load(cls, avatar: Avatar, device: torch.device, max_alpha: float) -> DeviceAvatar:
        """Copy an avatar to a device; opacities are capped at max_alpha as in the other rasterisers."""
        def put(array) -> torch.Tensor:  # type: ignore[no-untyped-def]
            return torch.from_numpy(array).to(device)

        return cls(
            put(avatar.positions), put(avatar.scales), put(avatar.rotations), put(avatar.colors),
            put(avatar.opacities).clamp(max=max_alpha), _morph_matrix(avatar).to(device),
        )


def _morph_matrix(avatar: Avatar) -> torch.Tensor:
    morphs = avatar.morphs
    counts = torch.from_numpy(morphs.offsets).diff()
    column = torch.repeat_interleave(torch.arange(len(morphs.names)), counts)
    row = torch.from_numpy(morphs.indices.astype("int64"))[:, None] * 3 + torch.arange(3)
    indices = torch.stack([row.reshape(-1), column.repeat_interleave(3)])
    size = (3 * avatar.splats, len(morphs.names))
    values = torch.from_numpy(morphs.deltas).reshape(-1)
    return torch.sparse_coo_tensor(indices, values, size).coalesce().to_sparse_csr()


def morphed(scene: DeviceAvatar, weights: torch.Tensor) -> torch.Tensor:
    """Centres [N, 3] = base + Σ w·delta, for weights [M]."""
    if weights.numel() == 0:
        return scene.positions
    return scene.positions + (scene.morph_matrix @ weights[:, None]).reshape(-1, 3)


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
