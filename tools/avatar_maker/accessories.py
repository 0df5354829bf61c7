"""What is worn on the head: glasses and earrings, which nothing moves but the head."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud, gather, make
from .eyes import mirror
from .person import Color, Person
from .sdf import Array, unit

RIM_MM = 1.15


def make_accessories(person: Person) -> list[Cloud]:
    """Whatever this person wears."""
    out = []
    if person.glasses is not None:
        out.append(make_glasses(person.glasses))
    if person.earrings is not None:
        left = _tube(_drop(), 1.5, person.earrings)
        out.append(gather([left, mirror(left)]))
    return out


def make_glasses(color: Color) -> Cloud:
    """Two rims, a bridge and the temples; a faint sheen on each glass."""
    turn = np.linspace(0, 2 * np.pi, 130, endpoint=False)
    c, s = np.cos(turn), np.sin(turn)
    x = 34.0 + 25.5 * np.sign(c) * np.abs(c) ** 0.78
    y = 39.5 + 19.5 * np.sign(s) * np.abs(s) ** 0.80
    rim = _tube(np.stack([x, y, _depth(x)], axis=1), RIM_MM, color, closed=True)
    u = np.linspace(0, 1, 40)
    start, end = np.array([58.8, 46.5, _depth(np.array([58.8]))[0]]), np.array([76.5, 47.0, -8.0])
    arm = _tube(
        start + u[:, None] * (end - start) + np.stack([9 * np.sin(np.pi * u) * u, 0 * u, 0 * u], axis=1), RIM_MM, color
    )
    left = gather([rim, arm, _sheen()])
    v = np.linspace(-1, 1, 16)
    bridge = _tube(
        np.stack([9.2 * v, 44.5 + 2.6 * (1 - v * v), _depth(9.2 * v) + 2.0 * (1 - v * v)], axis=1), RIM_MM, color
    )
    return gather([left, mirror(left), bridge])


def _depth(x: Array) -> Array:
    return 91.5 - 0.0042 * x**2


def _sheen() -> Cloud:
    place = np.array([[25.0, 49.0], [29.0, 44.0], [46.0, 33.0]])
    p = np.column_stack([place, _depth(place[:, 0]) - 0.5])
    return make(
        "worn",
        p,
        (0, 0, 1),
        np.array([[7.0, 1.3, 0.1], [8.0, 0.8, 0.1], [5.0, 0.9, 0.1]]),
        (1, 1, 1),
        tangent=(0.55, 0.83, 0),
        opacity=np.array([0.10, 0.07, 0.05]),
        b=1.0,
    )


def _drop() -> Array:
    turn = np.linspace(0, 2 * np.pi, 18)
    return np.stack([78.5 + 0.6 * np.cos(turn), -9.0 + 4.2 * np.sin(turn), -8 + 4.2 * np.cos(turn)], axis=1)


def _tube(line: Array, radius: float, color: Color, closed: bool = False) -> Cloud:
    """A round wire along points: three splats around each, lit by their own normals."""
    along = np.roll(line, -1, 0) - np.roll(line, 1, 0) if closed else np.gradient(line, axis=0)
    half = np.linalg.norm(along, axis=1) / 2
    along = unit(along)
    side = unit(np.cross(along, [[0.0, 0, 1]]))
    front = np.cross(side, along)
    out = []
    for turn in (-1.1, 0.0, 1.1):
        n = np.cos(turn) * front + np.sin(turn) * side
        scale = np.stack([half * 0.8, np.full(len(line), radius * 0.62), np.full(len(line), radius * 0.4)], axis=1)
        out.append(make("worn", line + radius * 0.5 * n, n, scale, color, tangent=along))
    return gather(out)
