"""What makes one character different from another: numbers only. The characters themselves stand in `people.py`.

Everything is made on one common head (`solids`); `shape.py` then bends that head into the person's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Color = tuple[float, float, float]  # sRGB, 0–1
Point = tuple[float, float, float]  # mm


@dataclass(frozen=True)
class Push:
    """A soft push on the common head, mirrored: what lies near `at` moves by `move` and grows by a share `grow`."""

    at: Point
    radii: Point
    move: Point = (0.0, 0.0, 0.0)
    grow: Point = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Crease:
    """A fold of the skin along a line of (x, y), mirrored; depth and half width in mm, darker by `shade` (0–1)."""

    line: tuple[tuple[float, float], ...]
    depth_mm: float
    width_mm: float
    shade: float = 0.10


@dataclass(frozen=True)
class Skin:
    """Colour and surface of the skin."""

    tone: Color = (0.885, 0.685, 0.575)
    rosy: float = 1.0  # cheeks, nose, ears
    lid_shade: float = 1.0  # how much darker the skin is around the eyes
    freckles: float = 0.0
    pores: float = 1.0
    stubble: float = 0.0  # shade of a shaved beard, 0–1
    beard_hairs: int = 0
    beard_color: Color = (0.16, 0.10, 0.07)
    gloss: float = 0.15
    creases: tuple[Crease, ...] = ()


@dataclass(frozen=True)
class Lips:
    """Colours of the red of the lips, and their gloss."""

    upper: Color = (0.775, 0.47, 0.44)
    lower: Color = (0.815, 0.52, 0.485)
    gloss: float = 0.20


@dataclass(frozen=True)
class Eyes:
    """Iris from the pupil outwards, lashes and the line of the lid."""

    inner: Color = (0.60, 0.36, 0.13)
    outer: Color = (0.38, 0.43, 0.25)
    rim: Color = (0.10, 0.12, 0.09)
    lash: Color = (0.10, 0.06, 0.05)
    lash_length: float = 1.0
    lash_opacity: float = 1.0
    line: float = 1.0  # strength of the dark line of the upper lid
    white: Color = (0.93, 0.91, 0.89)


@dataclass(frozen=True)
class Brows:
    """Hairs of the brows."""

    color: Color = (0.20, 0.115, 0.075)
    thick: float = 1.0
    lift_mm: float = 0.0
    arch: float = 1.0
    hairs: int = 330
    opacity: float = 0.72


@dataclass(frozen=True)
class Hair:
    """A style of `hair_styles.py`, its numbers and colours."""

    style: str
    dark: Color
    light: Color
    grey: float = 0.0  # share of hairs without colour
    gloss: float = 1.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    line_z: tuple[float, ...] = (-120.0, -80, -50, -28, -8, 8, 22, 38, 52, 62, 90)
    line_y: tuple[float, ...] = (-48.0, -44, -20, 28, 44, 50, 64, 82, 102, 113, 116)
    recess_mm: float = 0.0  # how much higher the hairline is at the temples


@dataclass(frozen=True)
class Garment:
    """A jumper: colour, ribs, and the rolls of its collar as (y, z, radius x, radius z, tube, tilt)."""

    color: Color
    rolls: tuple[tuple[float, float, float, float, float, float], ...]
    opening_mm: float = 46.0
    ribs: float = 0.16
    trim: Color | None = None  # colour of the collar, where it is another


@dataclass(frozen=True)
class Person:
    """One character. `about` goes into its zip: title, licence, and the defaults that suit it."""

    name: str
    about: Mapping[str, Any]
    hair: Hair
    garment: Garment
    skin: Skin = Skin()
    lips: Lips = Lips()
    eyes: Eyes = Eyes()
    brows: Brows = Brows()
    shape: tuple[Push, ...] = ()
    eye_size: float = 1.0
    glasses: Color | None = None
    earrings: Color | None = None
    seed: int = 20
