"""Give a head of bare splats the shapes that it talks with, and a neck: give_it_a_face.py head.ply head.zip

A shape of ARKit says where splats go at weight 1. Here each is a region and a movement; which regions fit is a matter
of the head: those below are of make_head.py. Four are needed (jawOpen, mouthClose, both blinks), 52 are known.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from make_head import EYE_RADIUS_M, EYES_M, IRIS, MOUTH_Y_M, PUPIL, Array

from avatar_ros.avatar.load import load_avatar
from avatar_ros.avatar.model import Avatar, Morphs, Neck
from avatar_ros.core.errors import AvatarError
from avatar_ros.testing.lam_writer import save_lam

#: How far the lower lip goes down with an open jaw, and how far down the chin still follows, metres.
OPEN_M, CHIN_M = 0.024, 0.055
NECK_TOP_M, NECK_BASE_M = 1.56, 1.48

#: Splats [N, 3] and colours [N, 3] in, movements [N, 3] in metres out.
Shape = Callable[[Array, Array], Array]


def lips(way: tuple[float, float, float], lower_only: bool = False) -> Shape:
    """Moves what lies around the mouth, less and less outwards."""

    def move(places: Array, colors: Array) -> Array:
        x, y, z = places.T
        near = np.clip(1 - (x / 0.04) ** 2, 0, 1) * np.clip(1 - np.abs(y - MOUTH_Y_M) / CHIN_M, 0, 1)
        near *= (z > 0.068) & (~lower_only | (y < MOUTH_Y_M))
        return near[:, None] * np.array(way)

    return move


def corner(side: int) -> Shape:
    """Draws one corner of the mouth outwards and up. side: 1 the avatar's left, -1 its right."""

    def move(places: Array, colors: Array) -> Array:
        x, y, z = places.T
        near = np.exp(-(((x * side - 0.026) / 0.014) ** 2) - ((y - MOUTH_Y_M) / 0.014) ** 2) * (z > 0.04)
        return near[:, None] * np.array([0.006 * side, 0.007, -0.002])

    return move


def lid(centre: tuple[float, float, float]) -> Shape:
    """Unfolds the lid over the eye: a strip of 3 mm becomes as high as the eyeball."""

    def move(places: Array, colors: Array) -> Array:
        x, y, z = (places - centre).T
        folded = (np.abs(x) < 0.0165) & (y > 0.0125) & (y < 0.0165) & (z > 0.012)
        down = np.where(folded, (0.016 - y) / 0.003 * 2 * (EYE_RADIUS_M - 0.002), 0.0)
        return np.stack([0 * down, -down, 0 * down], axis=1)

    return move


def glance(centre: tuple[float, float, float], dx: float, dy: float) -> Shape:
    """Moves iris and pupil, which are known by their colour."""

    def move(places: Array, colors: Array) -> Array:
        dark = np.min([np.abs(colors - color).max(axis=1) for color in (IRIS, PUPIL)], axis=0) < 0.02
        seen = dark & (np.linalg.norm(places - centre, axis=1) < 1.2 * EYE_RADIUS_M)
        return seen[:, None] * np.array([dx, dy, 0.0])

    return move


def shapes() -> dict[str, Shape]:
    """By ARKit's names; left and right are the avatar's own, and its left is +x."""
    found = {
        "jawOpen": lips((0, -OPEN_M, 0), lower_only=True),
        "mouthClose": lips((0, OPEN_M, 0), lower_only=True),
        "mouthPucker": lips((0, 0, 0.008)),
        "mouthFunnel": lips((0, -0.003, 0.006), lower_only=True),
    }
    for name, side, centre in (("Left", 1, EYES_M[0]), ("Right", -1, EYES_M[1])):
        found |= {f"eyeBlink{name}": lid(centre), f"mouthSmile{name}": corner(side)}
        ways = {"Out": (0.006 * side, 0.0), "In": (-0.006 * side, 0.0), "Up": (0.0, 0.005), "Down": (0.0, -0.005)}
        found |= {f"eyeLook{way}{name}": glance(centre, *by) for way, by in ways.items()}
    return found


def with_a_face(avatar: Avatar) -> Avatar:
    """The same splats, with shapes and with shoulders that stay where they are when the head turns."""
    places, colors = avatar.positions.astype(float), avatar.colors.astype(float)
    names, parts = [], []
    for name, shape in shapes().items():
        moves = shape(places, colors)
        moved = np.flatnonzero(np.abs(moves).max(axis=1) > 5e-5)
        names.append(name)
        parts.append((moved, moves[moved]))
    share = np.clip((places[:, 1] - NECK_BASE_M) / (NECK_TOP_M - NECK_BASE_M), 0, 1)
    neck = Neck(share.astype(np.float32), (0.0, NECK_TOP_M, -0.01))
    return replace(avatar, morphs=Morphs.from_parts(names, parts), neck=neck)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: give_it_a_face.py SPLATS.ply AVATAR.zip")
    try:
        made = with_a_face(load_avatar(sys.argv[1]))
        save_lam(made, sys.argv[2])
    except (AvatarError, OSError) as error:
        sys.exit(str(error))
    print(f"{sys.argv[2]}: {made.splats} splats, {len(made.morph_names)} shapes")
