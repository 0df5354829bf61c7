"""The skin: evenly sampled discs, denser where the face moves or is finely shaped, coloured by region."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, make, scatter, surface, thin_out
from .eyes import lid_heights
from .lips import lip_borders
from .sdf import Array, gradient, mirrored, smoothstep

SKIN = np.array([0.885, 0.685, 0.575])
UNDER_DEPTH = 3.5  # mm
BOX = ((-105, -175, -118), (105, 148, 116))


def make_skin(rng: np.random.Generator) -> Cloud:
    """Face, ears and neck, with a coarse second layer beneath that no stretching opens."""
    eyes = [scatter(solids.skin, (side - 24, 22, 40), (side + 24, 64, 90), 6.0, rng) for side in (-33, 33)]
    middle = scatter(solids.skin, (-36, -46, 55), (36, 22, 114), 6.0, rng)
    ear = [scatter(solids.skin, (side - 18, -10, -45), (side + 18, 62, 12), 3.0, rng) for side in (-78, 78)]
    points = np.concatenate([*eyes, middle, *ear, scatter(solids.skin, *BOX, 1.1, rng)])
    points = points[visible(points)]
    points = points[thin_out(points, spacing(points))]
    radius = spacing(points)
    stretched = 1 + 0.22 * np.exp(-(((np.abs(points[:, 0]) - 25) / 11) ** 2) - ((points[:, 1] + 24) / 12) ** 2)
    outer = surface("skin", solids.skin, points, radius * stretched, albedo(points), fat=0.97)
    return gather([outer, _undercoat(points, rng)])


def visible(p: Array) -> Array:
    """Skin that is not an opening (eyes, lips), under the hair's middle or inside the garment."""
    hidden = (p[:, 1] > solids.hairline_y(p) + 14) | (p[:, 1] < -150) | (solids.garment(p) < -6)
    return ~(hidden | in_eye_opening(p) | in_lips(p))


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
    fine = 0.92 + 1.45 * smoothstep(0.8, 2.0, focus)
    ear = smoothstep(6, 1, np.abs(solids.ears(p))) * (np.abs(p[:, 0]) > 66) * (np.abs(p[:, 1] - 26) < 34)
    back = smoothstep(35, -15, q[:, 2]) * 1.9 + smoothstep(-65, -105, q[:, 1]) * 1.1
    return np.where(ear > 0.3, 1.35, fine + back)


def albedo(p: Array) -> Array:
    """Colour of the skin [N, 3] before light: warmer cheeks, nose, ears and lids, cooler jaw."""
    q = mirrored(p)
    color = np.tile(SKIN, (len(p), 1))
    rosy = 0.50 * _blob(q, (40, 4), (20, 15)) + 0.42 * _blob(q, (0, 8), (14, 11)) * (p[:, 2] > 80)
    rosy += 0.40 * (solids.ears(p) < 2.5) * (q[:, 0] > 66) + 0.18 * _blob(q, (0, -58), (15, 12))
    color += rosy[:, None] * np.array([0.025, -0.105, -0.095])
    around_eye = _blob(q, (33, 46), (22, 13)) * (p[:, 2] > 40)
    color += around_eye[:, None] * np.array([-0.030, -0.062, -0.048])
    around_mouth = _blob(q, (0, -24), (29, 13)) * (p[:, 2] > 60)
    color += around_mouth[:, None] * np.array([-0.01, -0.035, -0.03])
    color += freckles(q)[:, None] * np.array([-0.05, -0.075, -0.075])
    under_chin = smoothstep(-56, -74, p[:, 1]) * smoothstep(70, 50, p[:, 2])
    color = color * (1 - under_chin[:, None] * np.array([0.12, 0.17, 0.19]))
    grain = np.random.default_rng(9).normal(0, 0.007, (len(p), 1))
    return np.clip(color + grain, 0, 1)


def freckles(q: Array) -> Array:
    """A fixed sprinkling over nose and cheeks, 0–1."""
    rng = np.random.default_rng(5)
    spots = np.stack([rng.normal(24, 13, 46), rng.normal(12, 6, 46)], axis=1)
    gap = np.min(np.hypot(q[:, [0]] - spots[:, 0], q[:, [1]] - spots[:, 1]), axis=1)
    return smoothstep(1.1, 0.2, gap) * (q[:, 0] > 14) * (q[:, 2] > 40) * 0.30


def _blob(q: Array, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    return np.exp(-(((q[:, 0] - centre[0]) / radii[0]) ** 2) - ((q[:, 1] - centre[1]) / radii[1]) ** 2)


def _undercoat(points: Array, rng: np.random.Generator) -> Cloud:
    """Large discs a little below the skin; away from thin features, which they would outgrow."""
    q = mirrored(points)
    thin = (solids.ears(points) < 3) & (q[:, 0] > 66)
    busy = (np.hypot((q[:, 0] - 33) / 21, (q[:, 1] - 42) / 16) < 1) & (q[:, 2] > 40)
    lips = (np.hypot(q[:, 0] / 31, (q[:, 1] + 24) / 14) < 1) & (q[:, 2] > 60)
    nose = (q[:, 2] > 84) & (np.abs(q[:, 1] - 6) < 18) & (q[:, 0] < 20)
    base = points[~(thin | busy | lips | nose)]
    base = base[thin_out(base, np.full(len(base), 4.6))]
    normal = gradient(solids.head, base)
    return make("under", base - UNDER_DEPTH * normal, normal, (3.3, 3.3, 0.5), albedo(base), a=UNDER_DEPTH)
