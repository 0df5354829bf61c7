"""Inside the mouth: a dark bag, gums, teeth one by one, and the tongue (`a`: share of the way to its tip)."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud, gather, keep, make
from .person import Person
from .sdf import Array, smoothstep, unit

UPPER_WIDTHS = (8.6, 6.8, 7.6, 7.0, 6.8, 8.6)  # mm, from the middle outwards
UPPER_EDGE_Y, LOWER_EDGE_Y = -24.8, -28.6  # behind the closed lips; the lower row behind the lower lip
LOWER_WIDTHS = (5.6, 6.0, 6.8, 7.0, 7.0, 9.0)


def make_mouth(person: Person, rng: np.random.Generator) -> Cloud:
    """Everything behind the lips."""
    upper = _teeth("upper_teeth", UPPER_WIDTHS, UPPER_EDGE_Y, 9.6, 0.0, 1.0)
    lower = _teeth("lower_teeth", LOWER_WIDTHS, LOWER_EDGE_Y, 8.6, -2.6, -1.0)
    gums = [_gum(UPPER_EDGE_Y + 9.8, 1.0, 0.0), _gum(LOWER_EDGE_Y - 8.8, -1.0, -2.6)]
    return gather([_bag(rng), upper, lower, *gums, _tongue()])


def arch(along: Array, back: float = 0.0) -> tuple[Array, Array]:
    """Place (x, z) and outward direction of the dental arch at a distance (mm) from its middle."""
    theta = np.linspace(-1.5, 1.5, 301)
    line = np.stack([24.0 * np.sin(theta), 54.0 + back + 25.0 * np.cos(theta)], axis=1)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]) - 0.0
    length = length - length[-1] / 2
    at = np.interp(along, length, theta)
    place = np.stack([24.0 * np.sin(at), 54.0 + back + 25.0 * np.cos(at)], axis=-1)
    normal = unit(np.stack([np.sin(at) / 24.0, np.cos(at) / 25.0], axis=-1))
    return place, normal


def _teeth(part: str, widths: tuple[float, ...], edge: float, height: float, back: float, sign: float) -> Cloud:
    """A row: each tooth is a rounded plate from its edge (y) to the gum."""
    out, start = [], 0.15
    for number, width in enumerate(widths):
        u, v = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 7), np.linspace(0, 1, 7)))
        shape = 1 - 0.16 * v**2 - 0.10 * (1 - v) ** 6
        tall = height * (1.0 - 0.10 * (number == 1) + 0.03 * (number == 2) - 0.05 * max(number - 2, 0))
        y = edge + sign * (v * tall + 0.5 * np.abs(u) ** 4 * (1 - v))
        for side in (1.0, -1.0):
            along = side * (start + width / 2 + u * width / 2 * 0.96 * shape)
            place, normal = arch(along, back)
            depth = 1.0 * (1 - u**2) ** 0.5 + 0.5 * (1 - (2 * v - 1) ** 2)
            p = np.stack([place[:, 0], y, place[:, 1]], axis=1)
            n3 = np.stack([normal[:, 0] + 0.25 * u * side, np.zeros(len(u)), normal[:, 1]], axis=1)
            p = p + depth[:, None] * np.stack([normal[:, 0], 0 * u, normal[:, 1]], axis=1)
            tone = np.array([0.86, 0.83, 0.77]) * (1 - 0.22 * np.abs(u) ** 6 - 0.26 * v)[:, None]
            tone = tone * (1 - 0.55 * smoothstep(7, 26, np.abs(along)))[:, None]
            out.append(make(part, p, n3, (width / 7.6, tall / 6.8, 0.15), tone))
        start += width
    return gather(out)


def _gum(y: float, sign: float, back: float) -> Cloud:
    along, row = (g.ravel() for g in np.meshgrid(np.arange(-32, 32.1, 1.3), np.arange(6)))
    place, normal = arch(along, back)
    scallop = 0.5 * np.cos(along * 2 * np.pi / 7.4)
    p = np.stack([place[:, 0], y + sign * (row * 1.2 + scallop), place[:, 1]], axis=1)
    out = np.stack([normal[:, 0], np.zeros(len(along)), normal[:, 1]], axis=1)
    tone = np.array([0.58, 0.28, 0.28]) * (1 - 0.45 * smoothstep(8, 30, np.abs(along)))[:, None]
    return make("gum", p + (1.0 - 0.12 * row[:, None]) * out, out, (0.95, 0.85, 0.2), tone, b=sign)


def _tongue() -> Cloud:
    """A flattened body with a groove; its tip rests behind the lower teeth."""
    along, around = 1 - np.linspace(1, 0, 24) ** 1.3, np.linspace(0, 2 * np.pi, 26, endpoint=False)
    u, v = (g.ravel() for g in np.meshgrid(along, around))
    wide = 16.0 * np.sqrt(np.clip(1 - ((u - 0.35) / 0.66) ** 4, 0.002, 1))
    tall = 6.0 * np.sqrt(np.clip(1 - ((u - 0.35) / 0.66) ** 4, 0.01, 1))
    x, lift = wide * np.cos(v), tall * np.sin(v)
    groove = 1.3 * np.exp(-((x / 4) ** 2)) * (np.sin(v) > 0)
    p = np.stack([x, -34.5 + lift - groove + 2.0 * (1 - u), 30 + 45 * u], axis=1)
    n = unit(np.stack([np.cos(v) / 16, np.sin(v) / 6, 0.10 * smoothstep(0.6, 1.0, u)], axis=1))
    tone = np.array([0.72, 0.34, 0.35]) * (0.34 + 0.66 * smoothstep(0.45, 1.0, u))[:, None]
    tone = tone * (1 - 0.12 * np.exp(-((x / 2) ** 2)))[:, None]
    return make("tongue", p, n, (2.1, 1.9, 1.0), tone, tangent=(0, 0, 1), a=u)


def _bag(rng: np.random.Generator) -> Cloud:
    """The cheeks' inside and the throat: dark, opaque from any opening of the jaw."""
    k = np.arange(640) + 0.5
    polar, around = np.arccos(1 - 2 * k / 640), np.pi * (1 + 5**0.5) * k
    n = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], axis=1)
    p = np.array([0.0, -24, 46]) + n * np.array([27.0, 17.0, 34.0])
    open_front = (p[:, 2] > 73) & (np.abs(p[:, 1] + 24) < 14)
    tone = np.array([0.23, 0.06, 0.065]) * (0.16 + 0.84 * smoothstep(30, 76, p[:, 2]))[:, None]
    cloud = make("bag", p, -n, (3.4, 3.4, 0.5), tone * rng.uniform(0.95, 1.05, (640, 1)))
    return keep(cloud, ~open_front)
