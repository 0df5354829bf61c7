"""The contact sheet: the finished zip, loaded and drawn by the project's own code, in the poses worth looking at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avatar_ros.avatar.lam import load_lam
from avatar_ros.avatar.model import Avatar
from avatar_ros.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from avatar_ros.render.base import Camera, Settings
from avatar_ros.render.cpu import CpuRasteriser

TILE_PX = 300
COLUMNS = 6
BACKGROUND = (0.86, 0.87, 0.885)
_PIVOT_M = np.array([0.0, 1.65, 0.0])


@dataclass(frozen=True)
class Shot:
    """One picture: weights by ARKit name (`*` stands for Left and Right), turns of the head in degrees."""

    label: str
    weights: Mapping[str, float] = field(default_factory=dict)
    yaw: float = 0.0
    pitch: float = 0.0
    clip: tuple[str, float] | None = None  # name of a head clip and the time in it, s
    zoom: float = 1.12
    height_m: float = 1.662


_SMILE = {"mouthSmile*": 0.85, "cheekSquint*": 0.5, "eyeSquint*": 0.25}
SHOTS = (
    Shot("front"), Shot("three-quarter", yaw=35), Shot("three-quarter", yaw=-35), Shot("profile", yaw=88),
    Shot("from above", pitch=14), Shot("from below", pitch=-14),
    Shot("eyes", zoom=2.9, height_m=1.690), Shot("mouth", zoom=2.9, height_m=1.635),
    Shot("half closed", {"eyeBlink*": 0.5}, zoom=2.9, height_m=1.690), Shot("blink", {"eyeBlink*": 1.0}, zoom=2.9, height_m=1.690),
    Shot("wide", {"eyeWide*": 1.0}, zoom=2.9, height_m=1.690), Shot("teeth", {"jawOpen": 0.25, "mouthUpperUp*": 0.7, "mouthSmile*": 0.6},
                                                                  zoom=2.9, height_m=1.635),
    Shot("look left", {"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8}), Shot("look right", {"eyeLookInLeft": 0.8, "eyeLookOutRight": 0.8}),
    Shot("look up", {"eyeLookUp*": 0.8}), Shot("look down", {"eyeLookDown*": 0.8}),
    Shot("wink", {"eyeBlinkLeft": 1.0, "mouthSmileLeft": 0.6, "cheekSquintLeft": 0.5}), Shot("blink", {"eyeBlink*": 1.0}),
    Shot("smile", _SMILE), Shot("laugh", {**_SMILE, "jawOpen": 0.35, "mouthUpperUp*": 0.35, "browInnerUp": 0.2}),
    Shot("surprise", {"browInnerUp": 0.9, "browOuterUp*": 0.9, "eyeWide*": 0.9, "jawOpen": 0.38, "mouthFunnel": 0.25}),
    Shot("sad", {"browInnerUp": 0.9, "mouthFrown*": 0.8, "eyeLookDown*": 0.25, "mouthShrugLower": 0.4}),
    Shot("angry", {"browDown*": 1.0, "eyeSquint*": 0.5, "noseSneer*": 0.5, "mouthPress*": 0.7}),
    Shot("doubt", {"browOuterUpLeft": 1.0, "browDownRight": 0.7, "mouthLeft": 0.6}),
    Shot("p b m", {"jawOpen": 0.10, "mouthClose": 0.12, "mouthPress*": 0.4}), Shot("f v", {"jawOpen": 0.12, "mouthRollLower": 0.7, "mouthUpperUp*": 0.35}),
    Shot("th l", {"jawOpen": 0.22, "tongueOut": 0.25}), Shot("s t d", {"jawOpen": 0.10, "mouthStretch*": 0.4, "mouthLowerDown*": 0.5, "mouthUpperUp*": 0.3}),
    Shot("sh ch", {"jawOpen": 0.12, "mouthFunnel": 0.8}), Shot("k g", {"jawOpen": 0.22, "mouthStretch*": 0.2, "mouthLowerDown*": 0.2}),
    Shot("aa", {"jawOpen": 0.65}), Shot("e", {"jawOpen": 0.30, "mouthStretch*": 0.5, "mouthSmile*": 0.2}),
    Shot("ee", {"jawOpen": 0.14, "mouthSmile*": 0.55, "mouthStretch*": 0.4, "mouthUpperUp*": 0.3, "mouthLowerDown*": 0.3}),
    Shot("oh", {"jawOpen": 0.38, "mouthFunnel": 0.7, "mouthPucker": 0.25}), Shot("oo w", {"jawOpen": 0.10, "mouthPucker": 0.95}),
    Shot("r er", {"jawOpen": 0.18, "mouthFunnel": 0.5, "mouthPucker": 0.3}),
    Shot("jawOpen 1", {"jawOpen": 1.0}), Shot("jawOpen + mouthClose", {"jawOpen": 1.0, "mouthClose": 1.0}),
    Shot("tongueOut", {"tongueOut": 1.0, "jawOpen": 0.25}), Shot("cheekPuff", {"cheekPuff": 1.0}),
    Shot("jaw open, 3/4", {"jawOpen": 0.8}, yaw=35), Shot("smile, 3/4", _SMILE, yaw=-30),
    Shot("clip hello", {**_SMILE}, clip=("hello", 0.9)), Shot("clip listen", {"browInnerUp": 0.25}, clip=("listen", 2.3)),
    Shot("clip think", {"eyeLookUp*": 0.6, "eyeLookOutLeft": 0.4, "eyeLookInRight": 0.4}, clip=("think_part_2", 1.5)),
    Shot("clip idle", clip=("idle", 2.5)), Shot("clip speak", {"jawOpen": 0.3}, clip=("speak", 0.8)),
    Shot("clip head_test", clip=("head_test", 4.2)),
)


def draw_sheet(avatar_zip: Path, out: Path) -> None:
    """Draw all shots into one PNG of 256 colours (smaller than 1 MB)."""
    import cv2

    avatar = load_lam(avatar_zip)
    rasteriser = CpuRasteriser(avatar, Settings(backend="cpu"))
    tiles = [_labelled(draw(rasteriser, avatar, shot), shot.label) for shot in SHOTS]
    tiles += [np.full_like(tiles[0], 220)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), quantised(np.vstack(rows)), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def draw(rasteriser: CpuRasteriser, avatar: Avatar, shot: Shot, size_px: int = TILE_PX) -> np.ndarray:
    """One shot as BGR [size, size, 3] uint8, drawn at twice the size and halved."""
    import cv2

    position, target = (0.0, shot.height_m, 0.9), (0.0, shot.height_m, 0.0)
    camera = Camera.look_at(position, target, 24.0 / shot.zoom, 2 * size_px, 2 * size_px)
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
    """Fewer levels (5–6 bits a channel with ordered dither), so that the PNG stays small."""
    pattern = np.array([[0, 2], [3, 1]]) - 1.5
    dither = np.tile(pattern, (image.shape[0] // 2 + 1, image.shape[1] // 2 + 1))[: image.shape[0], : image.shape[1], None]
    step = 8
    return np.clip(np.round((image.astype(float) + dither) / step) * step, 0, 255).astype(np.uint8)


def _labelled(tile: np.ndarray, text: str) -> np.ndarray:
    import cv2

    return cv2.putText(tile, text, (8, TILE_PX - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (250, 250, 250), 1, cv2.LINE_AA)
