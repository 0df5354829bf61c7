"""Strands of hair: grown step by step along a combed field, gathered into locks, made into long thin splats, lit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .cloud import Cloud, make
from .lighting import KEY, RIM_LEFT, RIM_RIGHT, soft_shadow, to_linear, to_srgb, tone
from .noise import noise
from .person import Hair
from .sdf import Array, Sdf, gradient, smoothstep, unit
from .solids import Figure

#: of p [N, 3], the outward normal there, the share of its length already grown, and the roots: direction [N, 3]
Field = Callable[[Array, Array, float, Array], Array]


@dataclass(frozen=True)
class Strands:
    """S strands of K points each, mm."""

    path: Array  # [S, K, 3]
    out: Array  # [S, K, 3] unit, away from the head
    shade: Array  # [S] brightness
    grey: Array  # [S] 1: without colour

    def chosen(self, mask: Array) -> Strands:
        """Some of them."""
        return Strands(self.path[mask], self.out[mask], self.shade[mask], self.grey[mask])


@dataclass(frozen=True)
class Growth:
    """How to grow strands: over which solid, how long and how high above it each."""

    shell: Sdf
    field: Field
    length: Array  # [S] mm
    height: Callable[[float], Array]  # of the share grown: [S] mm above the shell
    steps: int
    wave_mm: float = 0.8  # how far a strand wanders from its line


def grow(roots: Array, growth: Growth, hair: Hair, rng: np.random.Generator) -> Strands:
    """Walk along the field at the wanted height."""
    count, p = len(roots), roots
    out = gradient(growth.shell, p)
    path, outs = [p], [out]
    swerve = rng.normal(0, growth.wave_mm, count)
    for k in range(growth.steps):
        t = k / growth.steps
        way = growth.field(p, outs[-1], t, roots)
        way = unit(way - np.sum(way * outs[-1], axis=1, keepdims=True) * outs[-1])
        aside = np.cross(outs[-1], way) * (swerve * np.cos(5 * t + 3 * swerve))[:, None]
        p = p + way * (growth.length / growth.steps)[:, None] + aside * (t > 0)
        for _ in range(2):
            out = gradient(growth.shell, p)
            p = p + ((growth.height((k + 1) / growth.steps) - growth.shell(p)) * 0.8)[:, None] * out
        path.append(p)
        outs.append(out)
    shade = np.exp(0.12 * noise(roots, 9.0, 51) + rng.normal(0, 0.16, count))
    return Strands(np.stack(path, 1), np.stack(outs, 1), shade, (rng.uniform(size=count) < hair.grey) * 1.0)


def gathered(strands: Strands, share: float, every: int) -> Strands:
    """Strands drawn towards every so-many-th one near their root, more and more to the tip: locks with gaps between."""
    guides = strands.path[::every]
    _, nearest = cKDTree(guides[:, 0]).query(strands.path[:, 0])
    pull = share * smoothstep(0.1, 1.0, np.linspace(0, 1, strands.path.shape[1]))[None, :, None]
    path = strands.path + pull * (guides[nearest] - strands.path)
    own = strands.shade.reshape(-1)
    shade = 0.55 * own + 0.45 * own[::every][nearest]
    return Strands(path, strands.out, shade, strands.grey)


def splats(figure: Figure, hair: Hair, strands: Strands, width_mm: float, opacity: float, deep: float = 0.0) -> Cloud:
    """Each strand as overlapping splats that taper; `deep` (0–1): how far inside the hair it lies, darker."""
    path, steps = strands.path, strands.path.shape[1] - 1
    middle, along = (path[:, 1:] + path[:, :-1]) / 2, path[:, 1:] - path[:, :-1]
    out = unit(strands.out[:, 1:] + strands.out[:, :-1])
    t = np.broadcast_to((np.arange(steps) + 0.5) / steps, along.shape[:2]).ravel()
    half = np.linalg.norm(along, axis=-1).ravel() / 2
    wide = width_mm * (0.55 + 0.45 * np.sin(np.pi * (0.15 + 0.75 * t)))
    scale = np.stack([half * 0.92, wide, wide * 0.5], axis=1)
    centre, along, out = (a.reshape(-1, 3) for a in (middle, unit(along), out))
    each = [np.repeat(v, steps) for v in (strands.shade * (1 - 0.5 * deep), strands.grey)]
    color = hair_light(figure, hair, centre, along, out, t, each[0], each[1])
    fade = opacity * smoothstep(-0.10, 0.12, t) * (1 - 0.25 * smoothstep(0.75, 1.0, t))
    return make("hair", centre, out, scale, color, tangent=along, opacity=fade)


def hair_light(figure: Figure, hair: Hair, p: Array, along: Array, n: Array, t: Array, shade: Array,
               grey: Array | float = 0.0) -> Array:
    """Kajiya and Kay's strand light, baked for a camera in front: a diffuse part, two highlights, rims, dark roots."""
    dark, light = np.asarray(hair.dark), np.asarray(hair.light)
    own = dark + (light - dark) * (0.30 + 0.45 * t)[:, None]
    white = np.array([0.80, 0.79, 0.77])
    base = to_linear(own + np.reshape(grey, (-1, 1)) * (white - own)) * shade[:, None] ** 1.5
    shadow = 0.45 + 0.55 * soft_shadow(figure.scene, p + 5 * n, unit(KEY))
    view = unit(np.array([0.0, 5, 900]) - p)
    half = unit(view + unit(KEY))
    tilted = unit(along + 0.10 * np.sin(3.1 * shade)[:, None] * n)  # strands differ in where they shine
    sine = np.sqrt(np.clip(1 - np.sum(tilted * half, axis=1) ** 2, 0, 1))
    facing = np.clip(0.25 + 0.75 * (n @ unit(KEY)), 0.05, 1)
    gloss = hair.gloss * (0.15 * sine**70 + 0.08 * sine**14) * facing * shadow * shade
    edge = (1 - np.clip(np.sum(n * view, axis=1), 0, 1)) ** 2
    rim = sum(np.clip(n @ unit(d) + 0.2, 0, 1) for d in (RIM_LEFT, RIM_RIGHT)) * edge
    lit = base * (0.32 + 1.05 * facing * shadow + 0.18 * np.clip(n[:, 1], 0, 1) + 1.2 * rim)[:, None]
    root = 0.45 + 0.55 * smoothstep(0.0, 0.25, t)
    tint = 0.5 * np.array([1.0, 0.82, 0.62]) + 0.5 * np.clip(light / light.max(), 0, 1)
    return to_srgb(tone((lit + gloss[:, None] * tint) * root[:, None]))
