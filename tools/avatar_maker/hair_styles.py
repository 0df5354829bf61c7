"""Styles of hair. A style knows its strands and what of them would be in the way of the face."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from . import solids
from .cloud import Cloud, thin_out
from .person import Hair
from .sdf import Array, gradient, smoothstep, unit
from .solids import Figure
from .strands import Growth, Strands, gathered, grow, splats

CROWN = np.array([6.0, 136.0, -55.0])


class Style(Protocol):
    """What `hair.py` asks of a style."""

    def __init__(self, figure: Figure, hair: Hair) -> None: ...

    def shell(self, p: Array) -> Array:
        """What the hair lies on: a signed distance, mm."""

    def make(self, scalp: Array, rng: np.random.Generator) -> list[Cloud]:
        """The strands, from points of the scalp."""

    def in_the_way(self, p: Array) -> Array:
        """Mask [N] of splats that must not be there."""


def _spread(scalp: Array, gap_mm: Array | float) -> Array:
    return scalp[thin_out(scalp, np.broadcast_to(gap_mm, len(scalp)))]


class Bob:
    """Parted at the side, falling over the ears to the jaw, the ends turned in."""

    def __init__(self, figure: Figure, hair: Hair) -> None:
        self._figure, self._hair, n = figure, hair, hair.numbers
        self._parting, self._length, self._lift = n["parting_mm"], n["length_mm"], n["lift_mm"]

    def shell(self, p: Array) -> Array:
        return solids.hanging(p)

    def make(self, scalp: Array, rng: np.random.Generator) -> list[Cloud]:
        near = np.abs(scalp[:, 0] - self._parting) < 7
        edge = np.abs(scalp[:, 1] - self._figure.hairline_y(scalp)) < 7
        front = scalp[:, 2] > -40
        fine = np.where((near | edge) & front, 4.4, np.where(front, 5.8, 7.4))
        broad = self._grown(_spread(scalp, 11.5), -3.5, 8, rng)
        over = gathered(self._grown(_spread(scalp, fine), 0.0, 8, rng), 0.5, 7)
        loose = self._grown(_spread(scalp, 24.0), 2.6, 9, rng)
        figure, hair = self._figure, self._hair
        return [
            splats(figure, hair, broad, 4.0, 0.95, deep=0.55),
            splats(figure, hair, over, 0.86, 0.90),
            splats(figure, hair, loose, 0.26, 0.5),
        ]

    def _grown(self, roots: Array, above_mm: float, steps: int, rng: np.random.Generator) -> Strands:
        count = len(roots)
        top = smoothstep(70, 108, roots[:, 1])
        drop = roots[:, 1] - self._length  # a bob ends at one height: each strand is as long as its way down there
        over = np.abs(np.abs(roots[:, 0]) - 68) * smoothstep(60, 100, roots[:, 1]) * 0.62
        length = np.maximum(drop * 1.02 + over, 22) + rng.normal(0, 2.2, count)
        layer = rng.uniform(-2.2, 2.2, count)
        parted = smoothstep(16, 4, np.abs(roots[:, 0] - self._parting)) * (roots[:, 2] > -45)

        def height(t: float) -> Array:
            risen = smoothstep(0, 0.22, np.full(count, t))
            body = 4.5 + self._lift * top * (1 - 0.45 * parted * (1 - t)) * (1 - 0.55 * t) + 2.5 * t
            turned_in = 8.0 * smoothstep(0.80, 1.0, np.full(count, t))
            return np.maximum(body * risen + (above_mm + layer) * (0.3 + 0.7 * risen) - turned_in, 0.8)

        strands = grow(roots, Growth(self.shell, self._combed, length, height, steps), self._hair, rng)
        before_face = self.in_the_way(strands.path[:, 2:].reshape(-1, 3)).reshape(count, -1).any(axis=1)
        return strands.chosen(np.logical_not(before_face))

    def _combed(self, p: Array, n: Array, t: float, roots: Array) -> Array:
        """First away from the parting and a little back, then down."""
        side = np.where(roots[:, [0]] > self._parting, 1.0, -1.0)
        front = smoothstep(-30, 30, roots[:, [2]])
        middle = smoothstep(58, 26, np.abs(roots[:, [0]]))
        sweep = np.concatenate([side * (0.5 + 0.5 * front), 0.25 * middle, -0.30 - 0.65 * front * middle], axis=1)
        away = unit(p - CROWN)
        sweep = front * sweep + (1 - front) * (0.55 * away + 0.45 * sweep)
        falling = smoothstep(0.10, 0.50, np.full((len(p), 1), t)) * smoothstep(20, 60, np.abs(p[:, [0]]))
        falling = np.maximum(falling, (1 - front) * smoothstep(0.05, 0.4, np.full((len(p), 1), t)))
        falling = np.maximum(falling, smoothstep(80, 55, roots[:, [1]]))
        down = np.array([0.0, -1.0, -0.06])
        out = sweep * (1 - falling) + down * falling
        beside = _face(p, 6.0)[:, None]  # hair parts before the face
        return out + beside * np.concatenate([1.6 * side, 0 * side, -0.8 + 0 * side], axis=1)

    def in_the_way(self, p: Array) -> Array:
        low = (p[:, 2] > 30) & (p[:, 1] < self._figure.hairline_y(p) - 9) & (np.abs(p[:, 0]) < 67)
        return low | (_face(p, 0.0) > 0.4)


def _face(p: Array, margin_mm: float) -> Array:
    """1 before the face's oval, 0 beside it."""
    inside = np.hypot(p[:, 0] / (57 + margin_mm), (p[:, 1] - 10) / (86 + margin_mm))
    return smoothstep(1.06, 0.96, inside) * (p[:, 2] > 12)


class Short:
    """Short at the sides and the back, longer on top and brushed across and up from the forehead."""

    def __init__(self, figure: Figure, hair: Hair) -> None:
        self._figure, self._hair, self._n = figure, hair, hair.numbers

    def shell(self, p: Array) -> Array:
        return solids.head(p)

    def make(self, scalp: Array, rng: np.random.Generator) -> list[Cloud]:
        top = self._top(scalp)
        inside = scalp[:, 1] - self._figure.hairline_y(scalp)
        sides = _spread(scalp[top < 0.75], 3.1)
        long = _spread(scalp[top > 0.25], np.where(inside[top > 0.25] < 10, 4.2, 5.4))
        broad = _spread(scalp[top > 0.2], 10.5)
        figure, hair = self._figure, self._hair
        return [
            splats(figure, hair, self._cut(sides, rng), 0.42, 0.72),
            splats(figure, hair, self._brushed(broad, -3.0, 5, rng), 3.0, 0.95, deep=0.5),
            splats(figure, hair, gathered(self._brushed(long, 0.0, 7, rng), 0.62, 6), 0.62, 0.88),
            splats(figure, hair, self._brushed(_spread(scalp[top > 0.5], 17.0), 2.5, 6, rng), 0.24, 0.5),
        ]

    def _top(self, p: Array) -> Array:
        return smoothstep(82, 104, p[:, 1] + 0.10 * p[:, 2] - 0.10 * np.abs(p[:, 0]))

    def _cut(self, roots: Array, rng: np.random.Generator) -> Strands:
        count, high = len(roots), smoothstep(30, 95, roots[:, 1])
        length = (self._n["side_mm"] + 7 * high) * rng.uniform(0.75, 1.2, count)
        rise = (1.0 + 4.5 * high) * rng.uniform(0.6, 1.2, count)

        def field(p: Array, n: Array, t: float, root: Array) -> Array:
            back = smoothstep(-60, -10, root[:, [2]])
            return back * np.array([0, -0.72, -0.7]) + (1 - back) * np.array([0, -1.0, 0.1]) + 0.25 * n * 0

        growth = Growth(self.shell, field, length, lambda t: 0.5 + rise * t**0.5, 2, 0.4)
        return grow(roots, growth, self._hair, rng)

    def _brushed(self, roots: Array, above_mm: float, steps: int, rng: np.random.Generator) -> Strands:
        count, n = len(roots), self._n
        front = smoothstep(-10, 62, roots[:, 2])
        edge = smoothstep(58, 38, np.abs(roots[:, 0]))
        length = n["top_mm"] * (0.72 + 0.40 * front) * (0.45 + 0.55 * edge) * rng.uniform(0.85, 1.12, count)
        volume = n["lift_mm"] * (0.45 + 0.60 * front) * (0.45 + 0.55 * edge) * rng.uniform(0.85, 1.12, count)

        def height(t: float) -> Array:
            return np.maximum((volume + above_mm) * np.sin(np.pi * min(0.12 + 0.66 * t**0.75, 0.62)), 0.6)

        def field(p: Array, normal: Array, t: float, root: Array) -> Array:
            reach = smoothstep(-60, -22, p[:, [0]])
            across = np.array([[n["sweep"], 0.15, 0.0]]) * reach + np.array([[0.0, 0.0, -0.75 + 0.35 * t]])
            side = np.sign(root[:, [0]]) * smoothstep(40, 58, np.abs(root[:, [0]]))
            return across + side * np.array([[0.35, -0.9, -0.3]]) + 0.20 * unit(p - CROWN)

        return gathered(grow(roots, Growth(self.shell, field, length, height, steps, 1.0), self._hair, rng), 0.2, 5)

    def in_the_way(self, p: Array) -> Array:
        return (p[:, 1] < 60) & (np.abs(solids.ears(p)) < 2.5) & (p[:, 2] < 2)


class Curls:
    """Short and tightly curled: little arcs every way, in layers over the scalp."""

    def __init__(self, figure: Figure, hair: Hair) -> None:
        self._figure, self._hair, self._n = figure, hair, hair.numbers

    def shell(self, p: Array) -> Array:
        return solids.head(p)

    def make(self, scalp: Array, rng: np.random.Generator) -> list[Cloud]:
        layers = ((0.45, 7.6, 1.9, 0.6, 0.95), (0.80, 6.6, 0.95, 0.18, 0.9), (1.0, 6.1, 0.66, 0.0, 0.88))
        return [
            splats(
                self._figure,
                self._hair,
                self._curled(_spread(rng.permutation(scalp), gap), share, rng),
                wide,
                opacity,
                deep,
            )
            for share, gap, wide, deep, opacity in layers
        ]

    def _curled(self, roots: Array, share: float, rng: np.random.Generator) -> Strands:
        """Arcs of a helix about a random way, `share` of the volume above the scalp."""
        count = len(roots)
        n = gradient(self.shell, roots)
        inside = np.maximum(roots[:, 1] - self._figure.hairline_y(roots), 0)
        volume = (
            self._n["lift_mm"]
            * (0.30 + 0.70 * smoothstep(0, 32, inside))
            * (0.6 + 0.4 * smoothstep(-10, 90, roots[:, 1]))
        )
        middle = roots + n * (volume * share * rng.uniform(0.80, 1.08, count))[:, None]
        axis = unit(rng.normal(size=(count, 3)) + 0.6 * n)
        first = unit(np.cross(axis, rng.normal(size=(count, 3))))
        second = np.cross(axis, first)
        radius = self._n["curl_mm"] * rng.uniform(0.7, 1.25, count)
        turn = np.linspace(0, 1.5 * np.pi, 5)
        circle = np.cos(turn)[None, :, None] * first[:, None] + np.sin(turn)[None, :, None] * second[:, None]
        rise = (turn / turn[-1] - 0.5)[None, :, None] * 2.5 * axis[:, None]
        path = middle[:, None] + radius[:, None, None] * circle + rise
        shade = np.exp(rng.normal(0, 0.20, count) + 0.10) * (0.62 + 0.38 * share)
        out = np.broadcast_to(n[:, None], path.shape)
        out = unit(0.75 * out + 0.35 * circle)
        return Strands(path, out, shade, (rng.uniform(size=count) < self._hair.grey) * 1.0)

    def in_the_way(self, p: Array) -> Array:
        low = p[:, 1] < self._figure.hairline_y(p) - 5
        return low | ((p[:, 1] < 58) & (solids.ears(p) < 3.0) & (p[:, 2] < 4))


STYLES: dict[str, type[Style]] = {"bob": Bob, "short": Short, "curls": Curls}
