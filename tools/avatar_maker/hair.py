"""Hair in locks: guides grow from the scalp along a combed field, strands fill each lock and taper with it.

A side parting over the left eye; the top is swept across to the right and back with some volume, the sides go back
over the ears, the back falls to the nape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import solids
from .cloud import Cloud, gather, keep, make, scatter, thin_out
from .lighting import KEY, RIM_LEFT, RIM_RIGHT, soft_shadow, to_linear, to_srgb, tone
from .sdf import Array, gradient, smoothstep, unit

DARK, LIGHT = np.array([0.19, 0.095, 0.06]), np.array([0.53, 0.32, 0.19])
STEPS = 9
PARTING_X = 37.0
CROWN = np.array([10.0, 138.0, -52.0])


@dataclass(frozen=True)
class Locks:
    """G guides of STEPS + 1 points each, mm."""

    path: Array  # [G, STEPS + 1, 3]
    out: Array  # [G, STEPS + 1, 3] unit, away from the head
    width: Array  # [G] half width at the widest
    shade: Array  # [G] brightness of the lock


def make_hair(rng: np.random.Generator) -> Cloud:
    """Scalp and locks."""
    scalp = _scalp(rng)
    roots = _roots(scalp, rng)
    locks = grow(roots, rng)
    hair = gather([_cap(scalp), _strands(locks, rng), _flyaways(locks, rng)])
    stray = (hair.position[:, 1] < 34) & (solids.hair_shell(hair.position) > 11)
    x, y, z = hair.position.T
    by_ear = (np.abs(x) > 56) & (y < 26) & (z > -36)
    return keep(hair, ~(stray | by_ear))


def _scalp(rng: np.random.Generator) -> Array:
    p = scatter(solids.head, (-80, -50, -115), (80, 148, 90), 0.25, rng)
    return p[p[:, 1] > solids.hairline_y(p) - 1]


def _cap(scalp: Array) -> Cloud:
    """An opaque dark layer below the locks, fading out at the hairline."""
    p = scalp[thin_out(scalp, np.full(len(scalp), 5.0))]
    n = gradient(solids.head, p)
    inside = p[:, 1] - solids.hairline_y(p)
    side = smoothstep(60, 35, p[:, 2]) * smoothstep(-70, -40, p[:, 2])
    opacity = 0.96 * smoothstep(2.0 + 6 * side, 12.0 + 8 * side, inside) + 0.02
    volume = 1.6 + 11.5 * smoothstep(10, 45, inside) * smoothstep(70, 115, p[:, 1])
    along, raised = combed(p, 0.2, p), p + volume[:, None] * n
    color = hair_light(raised, along, n, np.full(len(p), 0.22), np.full(len(p), 0.75))
    return make("hair", raised, n, (4.6, 3.8, 0.6), color, tangent=along, opacity=opacity)


def _roots(scalp: Array, rng: np.random.Generator) -> Array:
    """Where locks grow: evenly, closer along the hairline and the parting."""
    edge = np.abs(scalp[:, 1] - solids.hairline_y(scalp))
    gap = 17.9 - 6.5 * smoothstep(16, 4, edge) * (scalp[:, 2] > -30)
    gap = np.where((np.abs(scalp[:, 0] - PARTING_X) < 8) & (scalp[:, 2] > -30), 9.0, gap)
    gap = np.where(np.linalg.norm(scalp - CROWN, axis=1) < 32, 10.5, gap)
    gap = np.where((scalp[:, 2] < -60) & (scalp[:, 1] < 0), 11.0, gap)
    return scalp[thin_out(scalp, gap * rng.uniform(0.9, 1.1))]


def combed(p: Array, t: float, root: Array) -> Array:
    """Direction [N, 3] in which hair with these roots runs at p; t is the share of its length already grown."""
    n = gradient(solids.hair_shell, p)
    away = unit(p - CROWN - np.array([0, 6.0, 0]))
    down = np.array([0.0, -1.0, -0.15])
    top = smoothstep(66, 100, root[:, 1]) * smoothstep(-55, 0, root[:, 2])
    right_of_parting = smoothstep(PARTING_X + 3, PARTING_X - 3, root[:, 0])
    across = np.where(right_of_parting[:, None] > 0.5, [[-1.0, 0.12, 0.22]], [[1.0, -0.25, 0.10]])
    swept = across * (1 - t) + np.array([0.0, -1.0, -0.75]) * t * 1.1
    back = np.stack([0 * p[:, 0], np.full(len(p), -0.62), np.full(len(p), -0.85)], axis=1)
    side = np.where((root[:, [2]] > -35), back, down)
    field = swept * top[:, None] + (1 - top[:, None]) * (0.55 * side + 0.45 * away)
    field = field - np.sum(field * n, axis=1, keepdims=True) * n
    return unit(field)


def grow(roots: Array, rng: np.random.Generator) -> Locks:
    """Walk along the combed field at a height above the head that rises from the root and sinks to the tip."""
    count = len(roots)
    top = smoothstep(70, 104, roots[:, 1]) * smoothstep(-60, 5, roots[:, 2])
    length = 62 + 52 * top + 26 * smoothstep(60, 20, np.linalg.norm(roots - CROWN, axis=1))
    length = (length + rng.uniform(-10, 12, count)) * (0.34 + 0.66 * smoothstep(-45, 30, roots[:, 1]))
    height = 5.5 + 9.5 * np.maximum(top, 0.8 * smoothstep(75, 110, roots[:, 1]))
    height = height + 4.0 * smoothstep(60, 120, roots[:, 1]) + rng.uniform(-1.5, 3.0, count)
    crown = smoothstep(62, 20, np.linalg.norm(roots - CROWN, axis=1))
    lift = 0.85 * np.maximum(top * smoothstep(34, 10, np.abs(roots[:, 0] - PARTING_X)), crown)
    low_side = smoothstep(PARTING_X - 2, PARTING_X + 4, roots[:, 0]) * top
    lift, height = lift * (1 - 0.6 * low_side), height - 6.0 * low_side
    swerve = rng.normal(0, 0.16, count)
    p = roots.copy()
    path, outs = [p], [gradient(solids.hair_shell, p)]
    for k in range(STEPS):
        t = k / STEPS
        way = combed(p, t, roots)
        n = outs[-1]
        way = way + np.cross(n, way) * (swerve * np.cos(2.6 * np.pi * t + 9 * swerve))[:, None]
        p = p + unit(way) * (length / STEPS)[:, None]
        risen = smoothstep(0, 0.32, np.full(count, t + 1 / STEPS))
        sunk = 1 - 0.55 * smoothstep(0.5, 1.0, np.full(count, t))
        target = height * (lift + (1 - lift) * risen) * sunk + 1.2
        for _ in range(2):
            n = gradient(solids.hair_shell, p)
            p = p + ((target - solids.hair_shell(p)) * 0.8)[:, None] * n
        path.append(p)
        outs.append(n)
    width = (7.4 + 2.8 * top) * (0.62 + 0.38 * smoothstep(-20, 40, roots[:, 1])) * rng.uniform(0.8, 1.2, count)
    return Locks(np.stack(path, 1), np.stack(outs, 1), width, rng.uniform(0.80, 1.22, count))


def _strands(locks: Locks, rng: np.random.Generator, per_lock: int = 6) -> Cloud:
    """Strands of all locks as short overlapping splats."""
    count = len(locks.path)
    u = np.linspace(-1, 1, per_lock)[None] + rng.normal(0, 0.10, (count, per_lock))
    v = rng.uniform(-0.5, 1.0, (count, per_lock)) * (1 - 0.7 * u**2)
    shade = locks.shade[:, None] * rng.uniform(0.70, 1.30, (count, per_lock)) * (1 - 0.22 * u**2) * (0.9 + 0.16 * v)
    points, outs, taper = _lines(locks, u, v)
    return _segments(points, outs, shade, 0.56 + 1.08 * taper, 0.90, locks)


def _flyaways(locks: Locks, rng: np.random.Generator) -> Cloud:
    """A few loose, thin hairs that break the outline."""
    chosen = np.flatnonzero((rng.uniform(size=len(locks.path)) < 0.35) & (locks.path[:, 0, 1] > 70))
    some = Locks(locks.path[chosen], locks.out[chosen], locks.width[chosen], locks.shade[chosen])
    u, v = rng.normal(0, 0.9, (len(chosen), 1)), rng.uniform(0.6, 1.4, (len(chosen), 1))
    points, outs, taper = _lines(some, u, v)
    return _segments(points, outs, some.shade[:, None] * 1.05, 0.22 + 0.12 * taper, 0.5, some)


def _lines(locks: Locks, u: Array, v: Array) -> tuple[Array, Array, Array]:
    """Points [G, S, K, 3] of strands at u across and v above their lock; the normals; the lock's taper [K]."""
    t = np.linspace(0, 1, STEPS + 1)
    taper = np.sin(np.pi * (0.16 + 0.80 * t)) ** 0.8
    along = np.gradient(locks.path, axis=1)
    across = unit(np.cross(locks.out, along))
    wide = (locks.width[:, None] * taper)[:, None, :, None]
    points = locks.path[:, None] + u[:, :, None, None] * wide * across[:, None]
    points = points + (v[:, :, None, None] * 2.6 * taper[None, None, :, None]) * locks.out[:, None]
    return points, np.broadcast_to(locks.out[:, None], points.shape), taper


def _segments(points: Array, outs: Array, shade: Array, width: Array, opacity: float, locks: Locks) -> Cloud:
    middle = (points[:, :, 1:] + points[:, :, :-1]) / 2
    along = points[:, :, 1:] - points[:, :, :-1]
    n = unit(outs[:, :, 1:] + outs[:, :, :-1])
    t = (np.arange(STEPS) + 0.5) / STEPS
    half = np.linalg.norm(along, axis=-1) / 2
    wide = np.broadcast_to(((width[1:] + width[:-1]) / 2)[None, None], half.shape)
    scale = np.stack([half * 0.95, wide, wide * 0.45], axis=-1).reshape(-1, 3)
    centre, along, out = (a.reshape(-1, 3) for a in (middle, unit(along), n))
    tt = np.broadcast_to(t, half.shape).ravel()
    color = hair_light(centre, along, out, tt, np.broadcast_to(shade[:, :, None], half.shape).ravel())
    fade = opacity * smoothstep(-0.08, 0.10, tt) * (1 - 0.35 * smoothstep(0.8, 1.0, tt))
    return make("hair", centre, out, scale, color, tangent=along, opacity=fade)


def hair_light(p: Array, along: Array, n: Array, t: Array, shade: Array) -> Array:
    """Kajiya and Kay's strand light, baked for a camera in front: a diffuse part, two highlights, rims, dark roots."""
    base = to_linear(DARK + (LIGHT - DARK) * (0.30 + 0.45 * t)[:, None]) * shade[:, None] ** 1.6
    shadow = 0.45 + 0.55 * soft_shadow(p + 5 * n, unit(KEY))
    view = unit(np.array([0.0, 5, 900]) - p)
    half = unit(view + unit(KEY))
    sine = np.sqrt(np.clip(1 - np.sum(along * half, axis=1) ** 2, 0, 1))
    facing = np.clip(0.25 + 0.75 * (n @ unit(KEY)), 0.05, 1)
    gloss = (0.20 * sine**60 + 0.09 * sine**14) * facing * shadow * shade
    edge = (1 - np.clip(np.sum(n * view, axis=1), 0, 1)) ** 2
    rim = sum(np.clip(n @ unit(d) + 0.2, 0, 1) for d in (RIM_LEFT, RIM_RIGHT)) * edge
    lit = base * (0.30 + 1.05 * facing * shadow + 0.18 * np.clip(n[:, 1], 0, 1) + 1.3 * rim)[:, None]
    root = 0.42 + 0.58 * smoothstep(0.0, 0.30, t)
    return to_srgb(tone((lit + gloss[:, None] * np.array([1.0, 0.76, 0.52])) * root[:, None]))
