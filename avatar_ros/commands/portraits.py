"""Pictures of avatars: one head, a sheet of several in some poses, and a head in characters of a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..avatar.model import Avatar
from ..core.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..core.arrays import F32, U8
from ..render.base import RasterSettings
from ..render.cpu import CpuRasteriser
from ..render.pose import portrait_camera

TILE_PX = 240
TERMINAL_PX = 44  # characters across; two pixels stand in each, one above the other
BACKGROUND = (0.86, 0.87, 0.885)
#: What each avatar of a sheet does; a name that ends in `*` is set on both sides.
POSES: Mapping[str, Mapping[str, float]] = {
    "": {},
    "ah": {"jawOpen": 0.55},
    "oh": {"jawOpen": 0.3, "mouthFunnel": 0.7},
    "f": {"jawOpen": 0.12, "mouthRollLower": 0.7, "mouthUpperUp*": 0.35},
    "smile": {"mouthSmile*": 0.85, "cheekSquint*": 0.5, "eyeSquint*": 0.25},
    "blink": {"eyeBlink*": 1.0},
}


def pose_weights(named: Mapping[str, float]) -> F32:
    """[52] of some ARKit shapes.

    >>> float(pose_weights({"eyeBlink*": 1.0}).sum())
    2.0
    """
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in named.items():
        for full in (name[:-1] + "Left", name[:-1] + "Right") if name.endswith("*") else (name,):
            weights[ARKIT_INDEX[full]] = value
    return weights


def portrait(avatar: Avatar, size_px: int = TERMINAL_PX, pose: str = "") -> U8:
    """The usual view of a head, [size, size, 3] RGB; drawn twice as large and halved."""
    rasteriser = CpuRasteriser(avatar, RasterSettings(backend="cpu"))
    camera = portrait_camera(avatar, 2 * size_px, 2 * size_px)
    frame = rasteriser.render(pose_weights(POSES[pose]), np.eye(4, dtype=np.float32), camera, BACKGROUND)
    pixels = frame.numpy()[..., :3].astype(np.uint16)
    rasteriser.close()
    halved = (pixels[::2, ::2] + pixels[1::2, ::2] + pixels[::2, 1::2] + pixels[1::2, 1::2] + 2) // 4
    return halved.astype(np.uint8)


def contact_sheet(avatars: Mapping[str, Avatar], tile_px: int = TILE_PX) -> U8:
    """A row for each avatar, a column for each of POSES: [rows * tile, columns * tile, 3] RGB."""
    rows = [np.hstack([_labelled(portrait(avatar, tile_px, pose), f"{name} {pose}") for pose in POSES])
            for name, avatar in avatars.items()]  # fmt: skip
    return np.vstack(rows) if rows else np.full((tile_px, tile_px, 3), 220, np.uint8)


def in_characters(picture: U8) -> str:
    """A picture as lines of half blocks in 24-bit colours, for terminals that know them."""
    lines = []
    for upper, lower in zip(picture[::2], picture[1::2], strict=False):
        cells = (
            f"\033[38;2;{a[0]};{a[1]};{a[2]}m\033[48;2;{b[0]};{b[1]};{b[2]}m▀"
            for a, b in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\033[0m")
    return "\n".join(lines)


def _labelled(tile: U8, text: str) -> U8:
    import cv2

    tile = np.ascontiguousarray(tile)
    for tone, thickness in (((235, 235, 235), 3), ((30, 30, 30), 1)):
        cv2.putText(tile, text, (7, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, tone, thickness, cv2.LINE_AA)
    return tile
