"""The parts of the GPU path that run on any torch device: the avatar's tensors, morphs, pose and compositing."""

from __future__ import annotations

import math
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
            return torch.from_numpy(np.ascontiguousarray(array)).to(device)

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


#: Where in the packed inputs of a frame each part ends; the weights come last.
TURN, SHIFT, LEFT, BEHIND, SMOKE = 9, 12, 28, 31, 32


def packed_inputs(head: np.ndarray, behind: Sequence[float], smoke_cover: float, weights: np.ndarray) -> F32:
    """All that a frame's own arithmetic needs, in one array: the numbers of `turn_parts`, colour behind [3], smoke
    cover, weights [M].
    """
    packed = np.empty(SMOKE + len(weights), np.float32)
    packed[:SMOKE] = [*turn_parts(head), *behind, smoke_cover]
    packed[SMOKE:] = weights
    return packed


class FrameInputs:
    """All numbers of a frame on the device, brought there by one copy: each copy costs more than its bytes.

    packed: [32 + M], see `packed_inputs`; views [1, 4, 4] and intrinsics [1, 3, 3] of the camera.
    """

    def __init__(self, morphs: int, device: torch.device) -> None:
        sizes = [SMOKE + morphs, 16, 9]
        self._there = torch.zeros(sum(sizes), device=device)
        self._here = torch.zeros(sum(sizes), pin_memory=device.type == "cuda")
        self._parts = [part.numpy() for part in self._here.split(sizes)]
        self.packed, view, intrinsics = self._there.split(sizes)
        self.views, self.intrinsics = view.view(1, 4, 4), intrinsics.view(1, 3, 3)

    def put(self, packed: F32, view: F32, intrinsics: F32) -> None:
        """The next frame's. The one before must have been rasterised: gsplat waits for the device in its middle."""
        for part, array in zip(self._parts, (packed, view, intrinsics), strict=True):
            part[:] = array.reshape(-1)
        self._there.copy_(self._here, non_blocking=True)


class TorchParts:
    """What goes before gsplat and after it, in torch's own calls."""

    def __init__(self, scene: DeviceAvatar) -> None:
        self._scene = scene

    def posed(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Centres [N, 3] and rotations [N, 4] of the splats of a frame. inputs: see `packed_inputs`."""
        points = morphed(self._scene, inputs[SMOKE:])
        if self._scene.share is None:
            return points, self._scene.rotations
        turn, shift, left = inputs[:TURN].view(3, 3), inputs[TURN:SHIFT], inputs[SHIFT:LEFT].view(4, 4)
        return posed(self._scene, points, turn, shift, left)

    def finished(self, inputs: torch.Tensor, smoke_cover: float, rgb: torch.Tensor, cover: torch.Tensor,
                 picture: torch.Tensor | None, alpha: AlphaKind) -> torch.Tensor:
        """RGBA uint8 [height, width, 4] of gsplat's premultiplied rgb [height, width, 3] and cover
        [height, width, 1], over a picture uint8 [height, width, 3] or the colour of the inputs.
        """
        behind = inputs[LEFT:BEHIND] if picture is None else picture.float() / 255
        return composite(*thin_smoke(rgb, cover, smoke_cover), behind, alpha)


def turn_parts(head: np.ndarray) -> list[float]:
    """A head matrix [4, 4] as 28 numbers: turn [3, 3] and shift [3] that are added to a point, turn [4, 4] of a
    quaternion wxyz; all of them zero for a head at rest.
    """
    (a, b, c, x0), (d, e, f, y0), (g, h, i, z0), _ = np.asarray(head, np.float64).tolist()
    w, x, y, z = rotation_quaternion(a, b, c, d, e, f, g, h, i)
    w -= 1
    return [a - 1, b, c, d, e - 1, f, g, h, i - 1, x0, y0, z0,
            w, -x, -y, -z, x, w, -z, y, y, z, w, -x, z, -y, x, w]  # fmt: skip


def rotation_quaternion(a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float,
                        i: float) -> tuple[float, float, float, float]:
    """Unit quaternion wxyz of a rotation by less than 180°, given row by row; w > 0."""
    w, x, y, z = 1 + a + e + i, h - f, c - g, d - b
    thin = 1 / max(math.sqrt(w * w + x * x + y * y + z * z), 1e-12)
    return w * thin, x * thin, y * thin, z * thin


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
