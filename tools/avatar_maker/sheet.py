"""The contact sheet: the finished zip, loaded and drawn by the project's own code, in the poses worth looking at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from avatar_ros.avatar.lam_format import load_lam
from avatar_ros.avatar.model import Avatar
from avatar_ros.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from avatar_ros.render.base import Camera, RasterSettings
from avatar_ros.render.cpu import CpuRasteriser

from .shots import SHOTS, Shot

TILE_PX = 288
COLUMNS = 6
BACKGROUND = (0.86, 0.87, 0.885)
_PIVOT_M = np.array([0.0, 1.65, 0.0])


def draw_sheet(avatar_zip: Path, out: Path) -> None:
    """Draw all shots into one PNG (smaller than 1 MB)."""
    import cv2

    avatar = load_lam(avatar_zip)
    rasteriser = CpuRasteriser(avatar, RasterSettings(backend="cpu"))
    tiles = [_labelled(draw(rasteriser, avatar, shot), shot.label) for shot in SHOTS]
    tiles += [np.full_like(tiles[0], 220)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), quantised(np.vstack(rows)), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def draw(rasteriser: CpuRasteriser, avatar: Avatar, shot: Shot, size_px: int = TILE_PX) -> np.ndarray:
    """One shot as BGR [size, size, 3] uint8, drawn at twice the size and halved."""
    import cv2

    zoom, height_m = shot.place
    camera = Camera.look_at((0.0, height_m, 0.9), (0.0, height_m, 0.0), 24.0 / zoom, 2 * size_px, 2 * size_px)
    frame = rasteriser.render(arkit_weights(shot.weights), head_matrix(avatar, shot), camera, BACKGROUND)
    halved = cv2.resize(frame.numpy()[..., :3], (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(halved[..., ::-1])


def arkit_weights(named: Mapping[str, float]) -> np.ndarray:
    """[52] float32; a name that ends in `*` is set on both sides."""
    weights = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, value in named.items():
        for full in (name[:-1] + "Left", name[:-1] + "Right") if name.endswith("*") else (name,):
            weights[ARKIT_INDEX[full]] = value
    return weights


def head_matrix(avatar: Avatar, shot: Shot) -> np.ndarray:
    """[4, 4] of a shot: its clip, or its turn about the middle of the head."""
    if shot.clip:
        return avatar.clips[shot.clip[0]].at(shot.clip[1], loop=False)
    y, x = np.radians(shot.yaw), np.radians(shot.pitch)
    turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3] = turn_x @ turn_y
    matrix[:3, 3] = _PIVOT_M - matrix[:3, :3] @ _PIVOT_M
    return matrix


def quantised(image: np.ndarray) -> np.ndarray:
    """Five bits a channel, so that the PNG stays small."""
    return np.clip(np.round(image / 8.0) * 8, 0, 255).astype(np.uint8)


def _labelled(tile: np.ndarray, text: str) -> np.ndarray:
    import cv2

    for tone, thickness in (((235, 235, 235), 3), ((30, 30, 30), 1)):
        cv2.putText(tile, text, (7, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, tone, thickness, cv2.LINE_AA)
    return tile
