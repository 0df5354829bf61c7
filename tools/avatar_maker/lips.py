"""The lips: two rolls with a clear line between them. `a` is s across (-1 to 1), `b` runs from border to inside."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from . import solids
from .cloud import Cloud, gather, make
from .person import Person
from .sdf import Array, cast, smoothstep, unit

HALF = solids.MOUTH_HALF_WIDTH
# Cross-sections from the border with the skin (b = 0) over the roll and the contact (0.7) to the inside (1):
# height over the lip line as a share of the lip's height, and depth as a share of its bulge, plus mm going inwards.
_B = np.array([0.0, 0.18, 0.42, 0.58, 0.70, 0.80, 0.90, 1.0])
_HEIGHT = PchipInterpolator(_B, [1.0, 0.80, 0.42, 0.14, 0.0, 0.02, 0.22, 0.45])
_BULGE = PchipInterpolator(_B, [0.0, 0.50, 1.0, 0.94, 0.45, 0.0, 0.0, 0.0])
_INWARD = PchipInterpolator(_B, [0.0, 0.0, 0.0, 0.0, 0.9, 3.0, 5.2, 7.5])


def lip_line(x: Array) -> Array:
    """Height of the line between the closed lips: a slight smile, a small dip in the middle."""
    s = x / HALF
    return solids.MOUTH_Y + 1.1 * s * s - 0.5 * np.exp(-((x / 5.5) ** 2)) + 0.5 * np.exp(-(((np.abs(x) - 9) / 5) ** 2))


def lip_borders(x: Array) -> tuple[Array, Array, Array]:
    """Heights of the line, the upper and the lower border of the red of the lips."""
    s = np.clip(np.abs(x) / HALF, 0, 1)
    line = lip_line(x)
    bow = 1.3 * np.exp(-((np.abs(x) - 5.2) ** 2) / 12) - 0.5 * np.exp(-((x / 2.6) ** 2))
    upper = line + 5.0 * (1 - s**1.5) + bow * (1 - s**4)
    lower = line - 6.6 * (1 - s**2.9)
    return line, upper, lower


def make_lips(person: Person, rng: np.random.Generator) -> Cloud:
    """Both lips."""
    return gather([_lip(person, "upper_lip", 1.0, rng), _lip(person, "lower_lip", -1.0, rng)])


def lip_point(s: Array, b: Array, sign: float) -> Array:
    """Points [N, 3] of one lip (sign 1 upper, -1 lower)."""
    x = s * HALF
    line, upper, lower = lip_borders(x)
    height = np.abs((upper if sign > 0 else lower) - line) + 0.4
    bulge = (2.7 if sign > 0 else 3.6) * np.maximum(1 - np.abs(s) ** 2.2, 0) ** 0.8
    y = line + sign * (_HEIGHT(b) * height - 0.12)
    z = _skin_depth(x, line + sign * (0.35 + 0.65 * np.minimum(_HEIGHT(b), 1)) * height)
    z = z + bulge * _BULGE(b) - _INWARD(b) * (0.35 + 0.65 * (1 - s * s)) + 0.15
    return np.stack([x, y, z], axis=1)


def _skin_depth(x: Array, y: Array) -> Array:
    origin = np.stack([x, y, np.full(len(x), 112.0)], axis=1)
    return cast(solids.head, origin, np.array([0.0, 0, -1]), 40)[:, 2]


def _lip(person: Person, part: str, sign: float, rng: np.random.Generator) -> Cloud:
    rows = np.linspace(0, 1, 18)
    across = np.linspace(-0.995, 0.995, 60)
    s, b = (g.ravel() for g in np.meshgrid(across, rows))
    s = np.clip(s + (np.repeat(np.arange(18) % 2, 60) - 0.5) * 0.015, -0.995, 0.995)
    p = lip_point(s, b, sign)
    along = lip_point(np.clip(s + 0.01, -1, 1), b, sign) - lip_point(np.clip(s - 0.01, -1, 1), b, sign)
    over = lip_point(s, np.clip(b + 0.01, 0, 1), sign) - lip_point(s, np.clip(b - 0.01, 0, 1), sign)
    n = unit(np.cross(along, over)) * -sign
    n = np.where((n[:, [2]] < 0) & (b < 0.6)[:, None], -n, n)
    scale = np.stack([np.full(len(s), 0.78), np.clip(np.linalg.norm(over, axis=1) / 0.02 / 17 * 0.72, 0.3, 0.75),
                      np.full(len(s), 0.16)], axis=1)
    return make(part, p, n, scale, _lip_color(person, s, b, sign, rng), tangent=along, a=s, b=b)


def _lip_color(person: Person, s: Array, b: Array, sign: float, rng: np.random.Generator) -> Array:
    rose = np.asarray(person.lips.upper if sign > 0 else person.lips.lower)
    skin = np.asarray(person.skin.tone) * np.array([0.97, 0.94, 0.945])
    creases = 0.05 * np.cos(s * 75 + 2 * np.sin(s * 21)) * smoothstep(0.1, 0.4, b) * smoothstep(0.75, 0.5, b)
    color = skin + (rose - skin) * smoothstep(-0.05, 0.30, b)[:, None]
    color = color * (1 - creases + rng.normal(0, 0.008, len(s)))[:, None]
    inner = smoothstep(0.60, 0.78, b)[:, None]
    color = color + (rose * np.array([0.70, 0.47, 0.50]) - color) * inner
    deep = smoothstep(0.8, 1.0, b)[:, None]
    return color * (1 - 0.55 * deep) * (1 - 0.12 * smoothstep(0.75, 1.0, np.abs(s)))[:, None]
