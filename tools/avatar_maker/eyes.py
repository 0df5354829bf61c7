"""Eyeballs and the edges of the lids. `a` is the place along the lid (-1 inner corner, 1 outer corner)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .cloud import Cloud, gather, make
from .lashes import make_lashes
from .lids import OPENING_HALF_WIDTH, closed_height, lid_angle, lid_grid, lid_heights, on_lid
from .person import Eyes, Person
from .sdf import Array, smoothstep, unit
from .solids import EYE, EYE_RADIUS, LID_RADIUS

IRIS_RADIUS = 7.5
PUPIL_RADIUS = 3.1


def make_eyes(person: Person, rng: np.random.Generator) -> Cloud:
    """Both eyes with lids' edges, hidden lids and lashes."""
    eyes, tone = person.eyes, np.asarray(person.skin.tone)
    left = gather([_sclera(eyes), _iris(eyes, rng), _glints(), _hidden_lid(tone), _edges(tone), _shadow(),
                   make_lashes(eyes, rng), _caruncle(tone)])
    return gather([left, mirror(left)])


def mirror(cloud: Cloud) -> Cloud:
    """The same on the other side."""
    flip = np.array([-1.0, 1, 1])
    return replace(cloud, position=cloud.position * flip, normal=cloud.normal * flip, tangent=cloud.tangent * flip)


def _sclera(eyes: Eyes) -> Cloud:
    rings = np.concatenate([[0.49, 0.56, 0.64], np.arange(0.72, 1.72, 0.10)])
    angles = [np.arange(0, 2 * np.pi, (0.06 if r < 0.7 else 0.104) / np.sin(r)) + 0.5 * i for i, r in enumerate(rings)]
    polar = np.concatenate([np.full(len(a), r) for a, r in zip(angles, rings, strict=True)])
    around = np.concatenate(angles)
    n = _direction(polar, around)
    p = EYE + (EYE_RADIUS - 0.05) * n
    t = (p[:, 0] - EYE[0]) / OPENING_HALF_WIDTH
    color = np.asarray(eyes.white) - 0.10 * smoothstep(0.45, 1.0, np.abs(t))[:, None] * np.array([0.3, 1.0, 1.0])
    color = color * (1 - 0.30 * smoothstep(0.02, 0.42, n[:, 1]))[:, None]
    color = color * (1 - 0.10 * smoothstep(-0.1, -0.42, n[:, 1]))[:, None]
    wide = np.interp(polar, [0.49, 0.56, 0.64, 0.72, 0.82], [0.55, 0.62, 0.8, 1.1, 1.5])  # none may cover the iris
    return make("eye", p, n, np.stack([wide, wide, np.full(len(wide), 0.2)], axis=1), color, a=t)


def _direction(polar: Array, around: Array) -> Array:
    return np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1)


def _iris(eyes: Eyes, rng: np.random.Generator) -> Cloud:
    """Rings of fibres, each disc longer along the radius; light pools opposite the key light, as in a real iris."""
    radii = np.concatenate([[0.0, 0.55], np.arange(1.1, IRIS_RADIUS + 0.75, 0.5)])
    counts = [max(1, round(2 * np.pi * r / 0.53)) for r in radii]
    r = np.repeat(radii, counts)
    around = np.concatenate([np.arange(c) * 2 * np.pi / c + 0.37 * i for i, c in enumerate(counts)])
    n = _direction(np.arcsin(r / EYE_RADIUS), around)
    dished = 0.25 * smoothstep(IRIS_RADIUS, PUPIL_RADIUS, r)
    color = iris_color(eyes, r, around, rng)
    tangent = np.stack([np.cos(around), np.sin(around), np.zeros(len(r))], axis=1)
    scale = np.stack([np.where(r > PUPIL_RADIUS, 0.44, 0.40), np.full(len(r), 0.33), np.full(len(r), 0.08)], axis=1)
    p = EYE + (EYE_RADIUS + 0.12 - dished)[:, None] * n
    return make("eye", p, n, scale, color, tangent=tangent, opacity=0.97, b=1.0)


def iris_color(eyes: Eyes, r: Array, around: Array, rng: np.random.Generator) -> Array:
    """One colour by the pupil, another further out, a dark limbal ring; brighter low, dim under the lid."""
    phases = rng.uniform(0, 2 * np.pi, 5)
    fibre = sum(np.cos(k * around + ph) for k, ph in zip((9, 17, 23, 31, 41), phases, strict=True)) / 5
    x = np.clip((r - PUPIL_RADIUS) / (IRIS_RADIUS - PUPIL_RADIUS) + 0.10 * fibre, 0, 1)[:, None]
    inner, outer, rim = (np.asarray(c) for c in (eyes.inner, eyes.outer, eyes.rim))
    color = inner + (outer - inner) * smoothstep(0.05, 0.55, x)
    color = color * (1 + 0.26 * fibre[:, None])
    pool = np.cos(around + 1.15)  # brightest low on the character's left: opposite the key light
    color = color * (0.92 + 0.50 * np.clip(pool, -0.75, 1) * smoothstep(0.02, 0.5, x[:, 0]))[:, None]
    color = color + (rim - color) * smoothstep(0.66, 0.97, x)
    pupil = smoothstep(PUPIL_RADIUS + 0.35, PUPIL_RADIUS - 0.35, r)[:, None]
    color = color + (np.array([0.012, 0.010, 0.012]) - color) * pupil
    soft = smoothstep(IRIS_RADIUS - 0.1, IRIS_RADIUS + 0.8, r)[:, None]
    color = color + (np.array([0.74, 0.71, 0.68]) - color) * soft
    shade = 1 - 0.48 * smoothstep(0.25, 1.0, r * np.sin(around) / IRIS_RADIUS)
    return np.clip(color * shade[:, None], 0, 1)


def _glints() -> Cloud:
    """Reflections of the key light (two panes), of the fill, and a wet line; they stay while the eye turns."""
    spots = [(-2.9, 3.0, 1.15, 1.15, 0.98), (-1.5, 3.5, 0.8, 0.8, 0.9), (-3.6, 1.9, 0.6, 0.7, 0.8),
             (2.8, -3.4, 1.15, 0.8, 0.30), (3.4, -2.4, 0.6, 0.6, 0.22)]
    x, y, wide, high, opacity = np.array(spots).T
    n = unit(np.stack([x, y, np.sqrt(EYE_RADIUS**2 - x**2 - y**2)], axis=1))
    return make("glint", EYE + (EYE_RADIUS + 0.45) * n, n, np.stack([wide, high, np.full(5, 0.1)], axis=1),
                (1, 1, 0.985), tangent=(1, 0, 0), opacity=opacity)


def _hidden_lid(tone: Array) -> Cloud:
    """The upper lid's skin that waits folded above the opening; closing the eye turns it down over the eyeball."""
    x = lid_grid(0.9)
    _, _, upper = lid_heights(x)
    travel = lid_angle(x, upper) - lid_angle(x, closed_height(x))
    rows = np.clip(1.75 * travel * LID_RADIUS / 0.95, 2, None).astype(int) + 2
    xs = np.repeat(x, rows)
    k = 1.75 * np.concatenate([np.arange(r) for r in rows]) / np.repeat(rows, rows)
    angle = np.repeat(lid_angle(x, upper), rows) + 0.02 + k * np.repeat(travel, rows)
    p = on_lid(xs, angle, LID_RADIUS - 0.7)
    n = unit(p - EYE)
    closed = unit(on_lid(xs, angle - np.repeat(travel, rows), LID_RADIUS) - EYE)
    color = tone * np.array([0.905, 0.82, 0.785]) * (1 - 0.05 * k[:, None])
    return make("lid_inner", p, closed * 0.7 + n * 0.3, (0.85, 0.85, 0.2), color, a=(xs - EYE[0]) / OPENING_HALF_WIDTH)


def _edges(tone: Array) -> Cloud:
    """The thickness of both lids: from the skin back to the eyeball, wet and pink below."""
    x = lid_grid(0.45)
    t, lower, upper = lid_heights(x)
    out = []
    dark, wet_pink = tone * np.array([0.565, 0.40, 0.385]), tone * np.array([0.96, 0.86, 0.90]) + 0.02
    for name, height, sign, rim in (("upper", upper, 1.0, dark), ("lower", lower, -1.0, wet_pink)):
        for k in np.linspace(0, 1, 3):
            radius = LID_RADIUS + 0.05 - k * (LID_RADIUS - EYE_RADIUS - 0.1)
            p = on_lid(x, lid_angle(x, height), radius)
            n = unit(np.stack([0 * x, np.full(len(x), -sign), np.full(len(x), 0.9)], axis=1))
            wet = 0.10 * (1 - abs(2 * k - 1)) if name == "lower" else 0.0
            color = np.clip(rim * (1 - 0.25 * k * (name == "upper")) + wet, 0, 1)
            out.append(make("lid_edge", p, n, (0.50, 0.48, 0.25), color, tangent=(1, 0, 0), a=t, b=sign))
    return gather(out)


def _caruncle(tone: Array) -> Cloud:
    """The pink corner by the nose."""
    x = EYE[0] + OPENING_HALF_WIDTH * np.linspace(-0.97, -0.83, 5)
    _, lower, upper = lid_heights(x)
    p = on_lid(x, lid_angle(x, (lower + upper) / 2), EYE_RADIUS + 0.35)
    return make("lid_edge", p, (0, 0, 1), np.stack([np.full(5, 0.8), (upper - lower) / 2.6, np.full(5, 0.3)], axis=1),
                tone * 0.5 + np.array([0.38, 0.16, 0.16]), tangent=(1, 0, 0), a=-0.9, b=-1.0)


def _shadow() -> Cloud:
    """Soft shade that the upper lid throws on the eyeball; it follows the lid."""
    x = lid_grid(1.0)
    t, _, upper = lid_heights(x)
    out = []
    for depth, opacity in ((0.5, 0.42), (1.4, 0.30), (2.4, 0.15)):
        p = on_lid(x, lid_angle(x, upper - depth), EYE_RADIUS + 0.4)
        out.append(make("lid_shadow", p, unit(p - EYE), (0.9, 0.75, 0.1), (0.16, 0.08, 0.07), tangent=(1, 0, 0),
                        opacity=opacity, a=t, b=1.0))
    return gather(out)
