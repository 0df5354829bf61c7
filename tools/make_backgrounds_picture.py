"""Makes docs/backgrounds.png: built-in faces before each kind of background, as `./avatar kiosk` shows them.

python tools/make_backgrounds_picture.py [--avatar head.zip …] [--out FILE.png]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np

from avatar_ros.avatar.load import avatar_file, load_avatar
from avatar_ros.commands.portraits import pose_weights
from avatar_ros.core.arrays import U8
from avatar_ros.render.base import RasterSettings
from avatar_ros.render.cpu import CpuRasteriser
from avatar_ros.render.pose import portrait_camera
from avatar_ros.render.scenery import ScenerySettings, scenery

WIDTH, HEIGHT = 180, 320
SMOKE_COVER = 0.3
WORDS = ("studio", "studio:#7f95ad", "#e8e4de", "gradient:#dfe9f2,#7f95ad", "blur:{hall}", "chroma")


def hall() -> U8:
    """A room with lamps, [h, w, 3] BGR: a picture that is nobody's."""
    rng = np.random.default_rng(3)
    picture = np.full((960, 540, 3), (70, 80, 96), np.uint8)
    cv2.rectangle(picture, (0, 640), (540, 960), (52, 70, 92), -1)
    for _ in range(26):
        colour = tuple(int(c) for c in rng.integers((90, 150, 200), (190, 235, 255)))
        centre = int(rng.integers(0, 540)), int(rng.integers(40, 600))
        cv2.circle(picture, centre, int(rng.integers(18, 52)), colour, -1)
    return picture


def main() -> None:
    """A row an avatar, a column a background."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--avatar", action="append", help="repeatable (default: ada, grace, bolt)")
    parser.add_argument("--out", default="docs/backgrounds.png")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cv2.imwrite(f"{folder}/hall.png", hall())
        rows = [row(name, f"{folder}/hall.png") for name in options.avatar or ("ada", "grace", "bolt")]
    cv2.imwrite(str(Path(options.out)), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def row(name: str, picture: str) -> U8:
    """One avatar, RGB."""
    avatar = load_avatar(avatar_file(name))
    raster = CpuRasteriser(avatar, RasterSettings(smoke_cover=SMOKE_COVER))
    camera, smile = portrait_camera(avatar, 2 * WIDTH, 2 * HEIGHT), pose_weights({"mouthSmile*": 0.35})
    tiles = []
    for word in WORDS:
        behind = scenery(raster, avatar, camera, ScenerySettings(word.format(hall=picture)))
        frame = raster.render(smile, np.eye(4), camera, behind).numpy()[..., :3]
        tiles.append(cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    return np.hstack(tiles)


if __name__ == "__main__":
    main()
