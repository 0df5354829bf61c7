"""The skin: evenly sampled discs, denser where the face moves or is finely shaped, coloured by region."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from . import solids
from .cloud import Cloud, gather, make, scatter, surface, thin_out
from .complexion import complexion, folded, make_beard
from .lids import lid_heights
from .lips import lip_borders
from .person import Person, Skin
from .sdf import Array, gradient, mirrored, smoothstep
from .solids import Figure

UNDER_DEPTH = 3.5  # mm
BOX = ((-105, -175, -118), (105, 148, 116))


def make_skin(person: Person, rng: np.random.Generator) -> Cloud:
    """Face, ears and neck, with a coarse second layer beneath that no stretching opens, and a beard's hairs."""
    figure = Figure(person)
    points = even_points()
    points = points[visible(figure, points)]
    radius = spacing(points)
    stretched = 1 + 0.22 * np.exp(-(((np.abs(points[:, 0]) - 25) / 11) ** 2) - ((points[:, 1] + 24) / 12) ** 2)
    outer = surface("skin", solids.skin, points, radius * stretched, complexion(person.skin, points), fat=0.97)
    outer = replace(outer, normal=folded(person.skin, outer.position, outer.normal))
    parts = [outer, _undercoat(person.skin, points)]
    return gather(parts + ([make_beard(person.skin, rng)] if person.skin.beard_hairs else []))


@cache
def even_points() -> Array:
    """Points on the whole skin, spaced as `spacing` says; the same for everybody."""
    rng = np.random.default_rng([20, 0])
    eyes = [scatter(solids.skin, (side - 24, 22, 40), (side + 24, 64, 90), 6.0, rng) for side in (-33, 33)]
    middle = scatter(solids.skin, (-36, -46, 55), (36, 22, 114), 6.0, rng)
    ear = [scatter(solids.skin, (side - 18, -10, -45), (side + 18, 62, 12), 3.0, rng) for side in (-78, 78)]
    points = np.concatenate([*eyes, middle, *ear, scatter(solids.skin, *BOX, 1.1, rng, gap=spacing)])
    points = points[~(in_eye_opening(points) | in_lips(points) | (points[:, 1] < -150))]
    return points[thin_out(points, spacing(points))]


def visible(figure: Figure, p: Array) -> Array:
    """Skin that is not under the hair's middle or inside the garment."""
    covered = (p[:, 1] > figure.hairline_y(p) + 16) & (solids.ears(p) > 2.5)
    return ~(covered | (figure.garment(p) < -6))


def in_eye_opening(p: Array, grow: float = 0.0) -> Array:
    """Points in front of an eyeball between its lids."""
    q = mirrored(p)
    t, lower, upper = lid_heights(q[:, 0])
    inside = (np.abs(t) < 1) & (q[:, 1] > lower - grow) & (q[:, 1] < upper + grow)
    return inside & (q[:, 2] > 50)


def in_lips(p: Array) -> Array:
    """Points of the face where the lips lie instead."""
    _, top, bottom = lip_borders(p[:, 0])
    return (p[:, 2] > 60) & (np.abs(p[:, 0]) < solids.MOUTH_HALF_WIDTH) & (p[:, 1] < top) & (p[:, 1] > bottom)


def spacing(p: Array) -> Array:
    """Distance between neighbours, mm: fine at lids, lips, nose and ears."""
    q = mirrored(p)
    eye = np.hypot((q[:, 0] - 33) / 21, (q[:, 1] - 43) / 15)
    mouth = np.hypot(q[:, 0] / 31, (q[:, 1] + 24) / 17)
    nose = np.hypot(q[:, 0] / 16, (q[:, 1] - 4) / 14)
    focus = np.where(q[:, 2] > 35, np.minimum(np.minimum(eye, mouth), nose), 9.0)
    fine = 1.00 + 1.55 * smoothstep(0.8, 2.0, focus)
    ear = smoothstep(6, 1, np.abs(solids.ears(p))) * (np.abs(p[:, 0]) > 66) * (np.abs(p[:, 1] - 26) < 34)
    back = smoothstep(35, -15, q[:, 2]) * 1.9 + smoothstep(-65, -105, q[:, 1]) * 1.1
    return np.where(ear > 0.3, 1.45, fine + back)


def _undercoat(skin: Skin, points: Array) -> Cloud:
    """Large discs a little below the skin; away from thin features, which they would outgrow."""
    q = mirrored(points)
    thin = (solids.ears(points) < 3) & (q[:, 0] > 66)
    busy = (np.hypot((q[:, 0] - 33) / 21, (q[:, 1] - 42) / 16) < 1) & (q[:, 2] > 40)
    lips = (np.hypot(q[:, 0] / 31, (q[:, 1] + 24) / 14) < 1) & (q[:, 2] > 60)
    nose = (q[:, 2] > 84) & (np.abs(q[:, 1] - 6) < 18) & (q[:, 0] < 20)
    base = points[~(thin | busy | lips | nose)]
    base = base[thin_out(base, np.full(len(base), 4.6))]
    normal = gradient(solids.head, base)
    return make("under", base - UNDER_DEPTH * normal, normal, (3.3, 3.3, 0.5), complexion(skin, base), a=UNDER_DEPTH)
