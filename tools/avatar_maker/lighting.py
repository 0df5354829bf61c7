"""Light baked into the colours: key with soft shadows, fill, rims, sky; occlusion; warmth where light passes skin.

Splats have no view dependence, so gloss is baked for the usual camera in front of the face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from .cloud import Cloud
from .person import Person
from .sdf import Array, Sdf, smoothstep, unit

CAMERA = np.array([0.0, 5.0, 900.0])
KEY = np.array([-0.50, 0.55, 0.68])
FILL = np.array([0.80, 0.10, 0.55])
RIM_LEFT, RIM_RIGHT = np.array([0.86, 0.30, -0.42]), np.array([-0.84, 0.42, -0.40])
KEY_COLOR, FILL_COLOR = np.array([1.0, 0.935, 0.85]) * 0.86, np.array([0.90, 0.89, 0.94]) * 0.37
RIM_COLOR = np.array([1.0, 0.93, 0.86]) * 0.55
DIMMEST = 0.20  # of the key light that reaches its own shadow: the lamp is wide
SKY, BOUNCE = np.array([0.86, 0.93, 1.0]) * 0.30, np.array([1.0, 0.80, 0.66]) * 0.20
# per part: wrap of red, green and blue around the terminator; gloss; sharpness of the gloss
_LOOK = {
    "skin": ((0.42, 0.22, 0.16), 0.15, 16), "under": ((0.42, 0.22, 0.16), 0.05, 14),
    "garment": ((0.15, 0.15, 0.15), 0.0, 4), "upper_lip": ((0.40, 0.22, 0.18), 0.14, 26),
    "lower_lip": ((0.40, 0.22, 0.18), 0.20, 30), "lid_inner": ((0.42, 0.22, 0.16), 0.08, 14),
    "lid_edge": ((0.4, 0.25, 0.2), 0.12, 30), "eye": ((0.5, 0.45, 0.45), 0.0, 10),
    "upper_teeth": ((0.5, 0.5, 0.5), 0.16, 40), "lower_teeth": ((0.5, 0.5, 0.5), 0.10, 40),
    "gum": ((0.4, 0.3, 0.3), 0.12, 30), "tongue": ((0.4, 0.3, 0.3), 0.10, 24),
    "worn": ((0.1, 0.1, 0.1), 0.45, 34), "shell": ((0.30, 0.30, 0.30), 0.30, 40), "metal": ((0.1, 0.1, 0.1), 0.35, 24),
}


def light(cloud: Cloud, normal: Array, scene: Sdf, gloss_of: Mapping[str, float] | None = None) -> Cloud:
    """The cloud with lit colours. Parts that carry their own light (glints, lashes, bag, hair …) stay as they are.

    normal [N, 3]: what light sees; scene: what throws shadows; gloss_of: part -> gloss, where it is not the usual one.
    """
    color = cloud.color.copy()
    for part, (wrap, usual, sharpness) in _LOOK.items():
        gloss = (gloss_of or {}).get(part, usual)
        rows = cloud.where(part)
        if rows.any():
            color[rows] = _lit(cloud, normal, scene, rows, np.array(wrap), gloss, sharpness, part)
    return replace(cloud, color=np.clip(color, 0, 1))


def gloss_of_person(person: Person) -> dict[str, float]:
    """Part -> gloss."""
    return {"skin": person.skin.gloss, "under": person.skin.gloss, "lower_lip": person.lips.gloss,
            "upper_lip": 0.7 * person.lips.gloss}


def _lit(cloud: Cloud, normal: Array, scene: Sdf, rows: Array, wrap: Array, gloss: float, sharpness: float,
         part: str) -> Array:
    p, n, albedo = cloud.position[rows], normal[rows], to_linear(cloud.color[rows])
    p = p + cloud.a[rows, None] * n if part == "under" else p  # light it as the skin above it
    inner = part in ("eye", "upper_teeth", "lower_teeth", "gum", "tongue", "lid_inner", "lid_edge")
    shadow = np.ones(len(p)) if inner else soft_shadow(scene, p + 2.2 * n, unit(KEY))
    open_sky = np.full(len(p), 0.85) if inner else occlusion(scene, p, n)
    shadow, open_sky = (smoothed(p, v) for v in (shadow, open_sky))
    light_in = _diffuse(n, KEY, wrap) * KEY_COLOR * tinted(shadow)
    light_in = light_in + _diffuse(n, FILL, wrap) * FILL_COLOR * open_sky[:, None]
    up = 0.5 + 0.5 * n[:, [1]]
    light_in = light_in + (SKY * up + BOUNCE * (1 - up)) * open_sky[:, None] ** np.array([0.85, 1.1, 1.2])
    view = unit(CAMERA - p)
    edge = (1 - np.clip(np.sum(n * view, axis=1), 0, 1)) ** 2.2
    on_neck = smoothstep(-50, -95, p[:, 1]) if part == "skin" else 0.0 * edge  # hidden from most light
    edge, glossy, open_sky = edge * (1 - 0.65 * on_neck), gloss * (1 - 0.8 * on_neck), open_sky * (1 - 0.35 * on_neck)
    for direction in (RIM_LEFT, RIM_RIGHT):
        facing = np.clip(n @ unit(direction) + 0.25, 0, 1) * (0.0 if inner else 1.0)
        light_in = light_in + (facing * edge * open_sky**2)[:, None] * RIM_COLOR
    shine = glossy * (shadow * _highlight(n, view, KEY, sharpness) + 0.35 * _highlight(n, view, FILL, sharpness))
    return to_srgb(tone(albedo * light_in * 1.12 + (shine * open_sky)[:, None] * np.array([1.0, 0.96, 0.92])))


def _diffuse(n: Array, direction: Array, wrap: Array) -> Array:
    """Wrapped Lambert, per channel: red light travels further through skin and softens the shadow's edge."""
    facing = (n @ unit(direction))[:, None]
    return np.clip((facing + wrap) / (1 + wrap), 0, None) ** (1 + 0.4 * wrap)


def _highlight(n: Array, view: Array, direction: Array, sharpness: float) -> Array:
    half = unit(view + unit(direction))
    return np.clip(np.sum(n * half, axis=1), 0, 1) ** sharpness


def tinted(shadow: Array) -> Array:
    """A shadow's edge glows warm on skin."""
    s = shadow[:, None]
    return s ** np.array([0.75, 1.1, 1.25])


def soft_shadow(scene: Sdf, p: Array, direction: Array, hardness: float = 5.0) -> Array:
    """How much of a wide light is seen from p [N], 0–1 (sphere tracing with penumbra)."""
    seen, travelled = np.ones(len(p)), np.full(len(p), 1.5)
    for _ in range(26):
        d = scene(p + travelled[:, None] * direction)
        seen = np.minimum(seen, np.clip(0.5 + 0.5 * hardness * d / travelled, 0, 1))
        travelled = travelled + np.clip(d, 2.0, 14.0)
    return DIMMEST + (1 - DIMMEST) * smoothstep(0.0, 1.0, seen)


def smoothed(p: Array, values: Array, count: int = 10) -> Array:
    """Values averaged over the nearest neighbours: a splat is larger than the noise of a marched ray."""
    _, around = cKDTree(p).query(p, min(count, len(p)))
    return values[around].mean(axis=1)


def occlusion(scene: Sdf, p: Array, n: Array) -> Array:
    """Open share of the sky over p [N], 0–1, from the distance field along the normal."""
    total = np.zeros(len(p))
    for step, weight in ((2.0, 0.16), (5.0, 0.11), (11.0, 0.05), (22.0, 0.022)):
        total += weight * np.clip(step - scene(p + step * n), 0, step) / 1.0
    return np.clip(1 - 0.52 * total, 0.12, 1)


def to_linear(srgb: Array) -> Array:
    """SRGB to linear light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Array) -> Array:
    """Linear light to sRGB."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def tone(linear: Array) -> Array:
    """A gentle shoulder, so that highlights roll off instead of clipping."""
    return np.where(linear < 0.55, linear, 0.55 + 0.45 * (1 - np.exp(-(linear - 0.55) / 0.45)))
