#!/usr/bin/env python3
"""Draw the mouth that an avatar makes for each phone, as one PNG: `./avatar exec python tools/phone_sheet.py OUT.png`.

Each tile is the middle of a phone of 200 ms between two pauses of 100 ms (--after: between that phone and itself, such
as `--after AA`), through the same code as in a conversation. Phones are names of speech/phones.py; "AA-M" is AA,
then M, drawn in the middle of the last.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from avatar_ros.avatar.load import BUILT_IN, avatar_file, load_avatar  # noqa: E402
from avatar_ros.avatar.model import Avatar  # noqa: E402
from avatar_ros.core.arrays import F32  # noqa: E402
from avatar_ros.core.errors import AvatarError, ConfigError  # noqa: E402
from avatar_ros.motion.base import MotionSettings  # noqa: E402
from avatar_ros.motion.visemes import VisemeLips, VisemeSettings  # noqa: E402
from avatar_ros.render.base import Camera, RasterSettings  # noqa: E402
from avatar_ros.render.cpu import CpuRasteriser  # noqa: E402
from avatar_ros.speech.phones import (  # noqa: E402
    LOUDNESS,
    PHONE_CLASSES,
    PHONE_DIM,
    PHONE_INDEX,
    SIL,
    USUAL_LOUDNESS,
)

#: Frames of 10 ms of a phone and of the pauses around it.
PHONE_FRAMES, PAUSE_FRAMES = 20, 10
COLUMNS = 6
BACKGROUND = (0.86, 0.87, 0.885)
DISTANCE_M = 0.9
#: Vertical field of view, degrees: the mouth, or the face around it.
VIEWS = {"mouth": 5.2, "face": 13.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    phones = options.phones.upper().split(",")
    unknown = {name for each in phones for name in each.split("-")} - set(PHONE_CLASSES)
    if unknown:
        raise ConfigError("phone", f"no phones: {', '.join(sorted(unknown))}; there are {' '.join(PHONE_CLASSES)}")
    avatar = load_avatar(avatar_file(options.avatar))
    draw = Painter(avatar, options.size, options.view)
    tiles = [draw.tile(phone, weights_of(phone, options.after.upper())) for phone in phones]
    save(tiles, options.out)
    print(f"{options.out}: {len(tiles)} phones of {options.avatar}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--avatar", default=BUILT_IN, help="a file, or the built-in one (default)")
    parser.add_argument("--phones", default=",".join(PHONE_CLASSES), help="comma-separated (default: all classes)")
    parser.add_argument("--after", default="SIL", help="what stands before and after each phone (default: a pause)")
    parser.add_argument("--view", default="mouth", choices=tuple(VIEWS))
    parser.add_argument("--size", type=int, default=208, help="pixels of a tile's side (default: %(default)s)")
    return parser


def weights_of(phones: str, around: str = "SIL") -> F32:
    """Weights [52] in the middle of the last of `phones` ("AA-M")."""
    names = phones.split("-")
    spoken = [around] * PAUSE_FRAMES + [name for name in names for _ in range(PHONE_FRAMES)] + [around] * PAUSE_FRAMES
    features = np.zeros((len(spoken), PHONE_DIM), np.float32)
    features[np.arange(len(spoken)), [PHONE_INDEX[name] for name in spoken]] = 1
    features[:, LOUDNESS] = np.where(features[:, SIL] > 0, 0.0, USUAL_LOUDNESS)
    middle = PAUSE_FRAMES + PHONE_FRAMES * len(names) - PHONE_FRAMES // 2
    return VisemeLips(MotionSettings(), VisemeSettings()).weights(features)[middle]


class Painter:
    """Draws one avatar's mouth."""

    def __init__(self, avatar: Avatar, size_px: int, view: str) -> None:
        height_m = mouth_height_m(avatar)
        self._rasteriser = CpuRasteriser(avatar, RasterSettings(backend="cpu"))
        self._size_px = size_px
        self._camera = Camera.look_at(
            (0.0, height_m, DISTANCE_M), (0.0, height_m, 0.0), VIEWS[view], 2 * size_px, 2 * size_px
        )

    def tile(self, label: str, weights: F32) -> NDArray[np.uint8]:
        """BGR [size, size, 3], drawn at twice the size and halved."""
        import cv2

        frame = self._rasteriser.render(weights, np.eye(4, dtype=np.float32), self._camera, BACKGROUND)
        halved = cv2.resize(frame.numpy()[..., :3], (self._size_px,) * 2, interpolation=cv2.INTER_AREA)
        out: NDArray[np.uint8] = np.ascontiguousarray(halved[..., ::-1], np.uint8)
        for tone, thickness in (((235, 235, 235), 3), ((30, 30, 30), 1)):
            cv2.putText(out, label, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, tone, thickness, cv2.LINE_AA)
        return out


def mouth_height_m(avatar: Avatar) -> float:
    """Height of the mouth: the middle of what puckering moves most. Raises AvatarError where nothing does."""
    if "mouthPucker" not in avatar.morph_names:
        raise AvatarError("avatar_lips", f"{avatar.name}: without a morph mouthPucker nobody knows where its mouth is")
    moved, by = avatar.morphs.part(avatar.morph_names.index("mouthPucker"))
    strength = np.linalg.norm(by, axis=1)
    return float(avatar.positions[moved[strength > 0.5 * strength.max()], 1].mean())


def save(tiles: Sequence[NDArray[np.uint8]], out: Path) -> None:
    """One PNG of all tiles, with five bits a channel so that it stays small."""
    import cv2

    rows = [[*tiles[i : i + COLUMNS]] for i in range(0, len(tiles), COLUMNS)]
    rows[-1] += [np.full_like(tiles[0], 220)] * (COLUMNS - len(rows[-1])) if len(rows) > 1 else []
    whole = np.vstack([np.hstack(row) for row in rows])
    small = np.clip(np.round(whole / 8.0) * 8, 0, 255).astype(np.uint8)
    if not cv2.imwrite(str(out), small, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise ConfigError("file_write", f"{out} cannot be written")


if __name__ == "__main__":
    sys.exit(main())
