"""Bolt, a friendly robot: a white head with a dark visor on which a face of light moves. Clearly nobody's."""

from __future__ import annotations

import numpy as np

from . import robot_solids as solids
from .build import Character
from .cloud import Cloud, gather, make, scatter, surface, thin_out
from .lighting import light
from .people import NEARER, OURS
from .robot_face import DEEP, LIGHT, VISOR, disc, make_face
from .robot_morphs import make_robot_morphs
from .sdf import Array, Sdf, gradient, smoothstep

NAME = "bolt"
ABOUT = OURS | {"title": "Bolt, a robot", "voice": "any", "defaults": NEARER | {"background": "#c9d3df"}}
WHITE, ACCENT, METAL = np.array([0.74, 0.77, 0.81]), np.array([0.95, 0.56, 0.12]), np.array([0.20, 0.215, 0.24])
SEED = 7


def build_robot() -> Character:
    """Make it. The same numbers every time."""
    rng = np.random.default_rng(SEED)
    solid = gather([_head(rng), _ears(rng), _neck(rng), _torso(rng), _antenna(rng)])
    cloud = gather([light(solid, solid.normal, solids.scene), _visor(rng), _lights(), make_face()])
    return Character(cloud, make_robot_morphs(cloud), _head_share(cloud))


def _sampled(
    sdf: Sdf, low: tuple[float, ...], high: tuple[float, ...], gap_mm: float, rng: np.random.Generator
) -> Array:
    p = scatter(sdf, low, high, 4.0 / gap_mm**2, rng)
    return p[thin_out(p, np.full(len(p), gap_mm))]


def _shell_gap(p: Array) -> Array:
    return 1.7 + 2.9 * smoothstep(4, 14, solids.visor_edge(p))


def _glass_gap(p: Array) -> Array:
    return 1.5 + 1.9 * smoothstep(-3, -12, solids.visor_edge(p))


def _torso_gap(p: Array) -> Array:
    gap = 3.6 + 2.6 * smoothstep(-150, -220, p[:, 1]) + 1.5 * smoothstep(-10, -60, p[:, 2])
    return gap - (gap - 1.5) * smoothstep(7, 2, np.abs(_from_collar(p)))


def _even(points: Array, gap: Array) -> tuple[Array, Array]:
    """Points `gap` mm apart, and their gaps."""
    chosen = thin_out(points, gap)
    return points[chosen], gap[chosen]


def _head(rng: np.random.Generator) -> Cloud:
    """The shell with its bezel, finer where white meets dark."""
    p = scatter(solids.head, (-90, -56, -86), (90, 136, 80), 1.7, rng, gap=_shell_gap)
    edge = solids.visor_edge(p)
    p, edge = p[edge > -0.5], edge[edge > -0.5]
    p, gap = _even(p, _shell_gap(p))
    edge = solids.visor_edge(p)
    bezel = smoothstep(5.2, 4.2, edge)[:, None]
    color = WHITE + bezel * (np.array([0.36, 0.39, 0.43]) - WHITE)
    return surface("shell", solids.head, p, gap, color, fat=0.95)


def _visor(rng: np.random.Generator) -> Cloud:
    """Dark glass with a soft reflection of a window at its upper left."""
    p = scatter(solids.head, (-74, -42, 0), (74, 106, 80), 2.2, rng, gap=_glass_gap)
    edge = solids.visor_edge(p)
    p, edge = p[edge < 0.4], edge[edge < 0.4]
    p, gap = _even(p, _glass_gap(p))
    edge = solids.visor_edge(p)
    slant = p[:, 0] * 0.45 - p[:, 1]
    window = smoothstep(-96, -84, slant) * smoothstep(-64, -72, slant) * smoothstep(-4, -20, edge)
    tone = VISOR * (1 + 0.5 * smoothstep(-10, 90, p[:, 1]))[:, None] + 0.045 * window[:, None] * np.array(
        [0.8, 0.9, 1.0]
    )
    rim = 0.10 * smoothstep(-3.0, -0.5, edge)[:, None] * np.array([0.5, 0.7, 0.8])
    glass = surface("visor", solids.head, p, gap, np.clip(tone + rim, 0, 1), fat=0.92, flat=0.05)
    back, _ = _even(p[edge < -5], np.full(int((edge < -5).sum()), 6.0))
    behind = make("visor", back - [0.0, 0, 3.0], gradient(solids.head, back), (5.0, 5.0, 0.3), VISOR)
    return gather([behind, glass])


def _ears(rng: np.random.Generator) -> Cloud:
    p = scatter(solids.ears, (-116, 8, -36), (116, 72, 30), 2.4, rng)
    p = p[solids.head(p) > -2]
    p, gap = _even(p, 1.3 + 1.5 * smoothstep(0.5, 4.0, np.abs(_from_hub(p))))
    color = METAL * 1.6 + smoothstep(0.5, -0.5, _from_hub(p))[:, None] * (ACCENT - METAL * 1.6)
    return surface("shell", solids.ears, p, gap, color, fat=0.85)


def _from_hub(p: Array) -> Array:
    """Distance to the coloured hub's outline, negative inside."""
    return np.hypot(p[:, 1] - 40, p[:, 2] + 4) - 19.0


def _neck(rng: np.random.Generator) -> Cloud:
    p = _sampled(solids.neck, (-40, -136, -46), (40, -46, 30), 2.6, rng)
    return surface("metal", solids.neck, p, np.full(len(p), 2.6), METAL, fat=0.78)


def _torso(rng: np.random.Generator) -> Cloud:
    p = scatter(solids.torso, (-210, -268, -110), (210, -100, 96), 2.0, rng, gap=_torso_gap)
    p, gap = _even(p, _torso_gap(p))
    color = WHITE + smoothstep(0.6, -0.6, _from_collar(p))[:, None] * (ACCENT - WHITE)
    return surface("shell", solids.torso, p, gap, color, fat=0.90)


def _from_collar(p: Array) -> Array:
    """Distance to the outline of the coloured collar, negative inside."""
    return np.hypot(np.hypot(p[:, 0], p[:, 2] + 10) - 37.0, p[:, 1] + 120.0) - 13.5


def _antenna(rng: np.random.Generator) -> Cloud:
    p = _sampled(solids.antenna, (-6, 126, -12), (6, 156, 0), 1.4, rng)
    return surface("metal", solids.antenna, p, np.full(len(p), 1.4), METAL * 1.8, fat=0.8)


def _lights() -> Cloud:
    """The antenna's ball and a lamp on the chest, with their glow."""
    k = np.arange(260) + 0.5
    polar, around = np.arccos(1 - 2 * k / 260), np.pi * (1 + 5**0.5) * k
    n = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], axis=1)
    shade = (0.72 + 0.28 * np.clip(n @ np.array([-0.4, 0.6, 0.69]), 0, 1))[:, None]
    ball = make(
        "glow", np.array([0.0, 156, -6]) + 7.5 * n, n, (1.1, 1.1, 0.3), np.clip(ACCENT * 1.05 * shade + 0.06, 0, 1)
    )
    halo = make("glow", np.array([[0.0, 156, -8]]), (0, 0, 1), (8, 8, 0.5), ACCENT, opacity=0.22)
    at, r = disc(0.0, -178.0, 8.0, 1.3)
    depth = np.array([70.5])
    lamp = np.column_stack([at, np.full(len(at), depth[0])])
    color = LIGHT + (DEEP - LIGHT) * smoothstep(0.2, 1.0, r / 8.0)[:, None]
    return gather([ball, halo, make("glow", lamp, (0, 0, 1), (0.9, 0.9, 0.2), color, a=0.0)])


def _head_share(cloud: Cloud) -> Array:
    """The head turns on its neck; the torso and its lamp stay."""
    return smoothstep(-128, -70, cloud.position[:, 1])
