"""Colour and grain of the skin: regions, mottling, pores, freckles, a shaved beard, folds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from . import solids
from .cloud import Cloud, make
from .noise import noise
from .person import Crease, Skin
from .sdf import Array, cast, gradient, mirrored, smoothstep

_ROSY = np.array([0.035, -0.155, -0.165])  # how blood changes the tone, by channel


def complexion(skin: Skin, p: Array) -> Array:
    """Colour [N, 3] before light."""
    q = mirrored(p)
    color = np.tile(np.asarray(skin.tone), (len(p), 1))
    color = color * (1 + (skin.rosy * _blood(p, q))[:, None] * _ROSY)
    around_eye = _blob(q, (33, 46), (22, 13)) * (p[:, 2] > 40) * skin.lid_shade
    color = color * (1 - around_eye[:, None] * np.array([0.04, 0.09, 0.085]))
    around_mouth = _blob(q, (0, -24), (29, 13)) * (p[:, 2] > 60)
    color = color * (1 - around_mouth[:, None] * np.array([0.01, 0.05, 0.05]))
    color = color * (1 - freckles(skin, q)[:, None] * np.array([0.10, 0.20, 0.24]))
    under_chin = smoothstep(-56, -74, p[:, 1]) * smoothstep(70, 50, p[:, 2])
    color = color * (1 - under_chin[:, None] * np.array([0.12, 0.17, 0.19]))
    shaved = (skin.stubble * beard_share(p))[:, None]
    color = color * (1 - shaved * np.array([0.27, 0.26, 0.215]))
    color = color * (1 - fold_shade(skin, p)[:, None] * np.array([0.8, 1.0, 1.05]))
    return np.clip(color * grain(skin, p), 0, 1)


def _blood(p: Array, q: Array) -> Array:
    """Where the skin is redder, 0–1: cheeks, nose, ears, chin, lids."""
    rosy = 0.62 * _blob(q, (39, 4), (19, 14)) + 0.55 * _blob(q, (0, 8), (13, 11)) * (p[:, 2] > 80)
    rosy += 0.55 * (solids.ears(p) < 2.5) * (q[:, 0] > 66) + 0.25 * _blob(q, (0, -52), (15, 12))
    return rosy * (1 + 0.08 * noise(p, 6.0, 31))


def grain(skin: Skin, p: Array) -> Array:
    """Factor [N, 3]: broad mottling, then pores from splat to splat, coarser on nose, cheeks and forehead."""
    q = mirrored(p)
    coarse = 0.55 + 0.8 * np.clip(
        _blob(q, (0, 12), (17, 24)) + _blob(q, (30, 6), (18, 16)) + _blob(q, (0, 88), (40, 16)), 0, 1
    )
    pore = np.random.default_rng(9).normal(0, 1, len(p))
    pore = np.where(pore < -0.9, 1.9 * pore, pore)  # pores are dark spots, not bright ones
    light = 0.006 * noise(p, 9.0, 32) + 0.008 * noise(p, 3.2, 33) + 0.013 * skin.pores * coarse * pore
    red = 0.007 * noise(p, 11.0, 34) + 0.007 * noise(p, 4.0, 35)
    return 1 + light[:, None] + red[:, None] * np.array([0.3, -1.0, -0.9])


def freckles(skin: Skin, q: Array) -> Array:
    """A fixed sprinkling over nose and cheeks, 0–1."""
    rng = np.random.default_rng(5)
    spots = np.stack([rng.normal(24, 13, 70), rng.normal(11, 7, 70)], axis=1)
    gap = np.min(np.hypot(q[:, [0]] - spots[:, 0], q[:, [1]] - spots[:, 1]), axis=1)
    return skin.freckles * smoothstep(1.3, 0.2, gap) * (q[:, 0] > 10) * (q[:, 2] > 40)


def beard_share(p: Array) -> Array:
    """Where a beard grows, 0–1: jaw, chin and above the lip, not on the lips."""
    q = mirrored(p)
    edge = np.interp(q[:, 0], [0, 10, 20, 30, 42, 55, 66], [-3.5, -5, -13, -24, -19, -8, 16])
    share = smoothstep(5, -7, q[:, 1] - edge) * smoothstep(-92, -66, q[:, 1]) * smoothstep(-8, 14, q[:, 2])
    mouth = np.hypot(q[:, 0] / 25, (q[:, 1] + 24) / 8.5)
    below = 1 - 0.55 * _blob(q, (11, -38), (6, 6))  # thinner beside the tuft under the lip
    return share * smoothstep(0.9, 1.25, mouth) * below


def make_beard(skin: Skin, rng: np.random.Generator) -> Cloud:
    """Short hairs of a beard; they move as skin does."""
    n = skin.beard_hairs * 3
    x, y = rng.uniform(-66, 66, n), rng.uniform(-78, 10, n)
    p = cast(solids.head, np.stack([x, y, np.full(n, 116.0)], axis=1), np.array([0.0, 0, -1]), 46)
    kept = (rng.uniform(size=n) < beard_share(p)) & (np.abs(solids.head(p)) < 0.5) & (p[:, 2] > 5)
    p = p[kept][: skin.beard_hairs]
    normal = gradient(solids.head, p)
    n = len(p)
    down = np.stack([0.35 * np.sign(p[:, 0]) + rng.normal(0, 0.3, n), np.full(n, -1.0), np.full(n, 0.25)], axis=1)
    scale = np.stack([rng.uniform(0.55, 1.0, n), np.full(n, 0.105), np.full(n, 0.08)], axis=1)
    color = np.asarray(skin.beard_color) * rng.uniform(0.7, 1.5, (n, 1))
    return make("skin", p + 0.35 * normal, normal, scale, color, tangent=down, opacity=rng.uniform(0.25, 0.6, n))


def folded(skin: Skin, p: Array, normal: Array) -> Array:
    """Normals with the folds and the fine relief of the skin: light then sees what no splat is small enough to be."""

    def relief(x: Array, y: Array) -> Array:
        at = np.stack([x, y, p[:, 2]], axis=1)
        return sum((_fold(c, at) for c in skin.creases), np.zeros(len(x))) + 0.020 * skin.pores * noise(at, 2.0, 36)

    step = 0.3
    dx = (relief(p[:, 0] + step, p[:, 1]) - relief(p[:, 0] - step, p[:, 1])) / (2 * step)
    dy = (relief(p[:, 0], p[:, 1] + step) - relief(p[:, 0], p[:, 1] - step)) / (2 * step)
    front = (smoothstep(15, 40, p[:, 2]) * smoothstep(0.1, 0.5, normal[:, 2]))[:, None]
    out = normal - front * np.stack([dx, dy, 0 * dx], axis=1)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def fold_shade(skin: Skin, p: Array) -> Array:
    """How much darker the skin is in its folds, 0–1."""
    front = smoothstep(15, 40, p[:, 2])
    return front * sum((-c.shade / c.depth_mm * _fold(c, p) for c in skin.creases), np.zeros(len(p)))


def _fold(crease: Crease, p: Array) -> Array:
    """Height (mm, negative: a groove) of one crease and its mirror image; it runs out towards both ends."""
    q, line = mirrored(p)[:, :2], np.asarray(crease.line, float)
    best, along = np.full(len(q), 1e9), np.zeros(len(q))
    for k, (a, b) in enumerate(pairwise(line)):
        t = np.clip((q - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        away = np.linalg.norm(q - a - t[:, None] * (b - a), axis=1)
        along = np.where(away < best, (k + t) / (len(line) - 1), along)
        best = np.minimum(best, away)
    ends = smoothstep(0, 0.2, along) * smoothstep(1, 0.7, along)
    return -crease.depth_mm * ends * np.exp(-((best / crease.width_mm) ** 2))


def _blob(q: Array, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    return np.exp(-(((q[:, 0] - centre[0]) / radii[0]) ** 2) - ((q[:, 1] - centre[1]) / radii[1]) ** 2)
