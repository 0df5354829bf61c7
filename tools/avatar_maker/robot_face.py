"""What moves in the robot's face, all of light on a dark visor: eyes, lids, brows, cheeks, mouth.

`a` and `b` of the splats: of a lid its side and its lower edge's share; of the mouth s across (-1 to 1) and the share
from the upper lip (0) to the lower one (1).
"""

from __future__ import annotations

import numpy as np

from .cloud import Cloud, gather, make
from .eyes import mirror
from .robot_solids import EYE, EYE_RADIUS, MOUTH_HALF, MOUTH_Y, PUPIL_RADIUS, on_front
from .sdf import Array, smoothstep

LIGHT, DEEP = np.array([0.62, 0.97, 1.0]), np.array([0.05, 0.55, 0.78])
VISOR = np.array([0.030, 0.042, 0.068])
LIP_MM = 5.0
TEETH_EDGE_Y, TEETH_TOP_Y = MOUTH_Y - 3.4, MOUTH_Y + 1.0


def disc(x: float, y: float, radius: float, step: float) -> tuple[Array, Array]:
    """Even points of a disc in rings: (x, y) [N, 2] and the distance from the middle [N]."""
    rings = np.arange(0, radius + 0.01, step)
    counts = [max(1, round(2 * np.pi * r / step)) for r in rings]
    r = np.repeat(rings, counts)
    turn = np.concatenate([np.arange(c) * 2 * np.pi / c + 0.4 * i for i, c in enumerate(counts)])
    return np.stack([x + r * np.cos(turn), y + r * np.sin(turn)], axis=1), r


def _over(at: Array, above: float) -> Array:
    """Points of (x, y) [N, 2] so many mm before the glass."""
    return on_front(at[:, 0], at[:, 1], above)


def make_face() -> Cloud:
    """All of it."""
    left = gather([_halo(), _eye(), _pupil(), _lids(), _brow(), _cheek()])
    return gather([left, mirror(left), _nose(), _lips(), _cavity(), _teeth(), _tongue()])


def _halo() -> Cloud:
    """Light that the eye throws on the glass around it."""
    at, r = disc(*EYE, 31.0, 3.0)
    return make(
        "visor", _over(at, 1.2), (0, 0, 1), (2.6, 2.6, 0.05), DEEP, opacity=0.13 * smoothstep(32, 19, r) + 0.004
    )


def _eye() -> Cloud:
    at, r = disc(*EYE, EYE_RADIUS, 1.15)
    share = (r / EYE_RADIUS)[:, None]
    color = LIGHT + (DEEP - LIGHT) * smoothstep(0.25, 1.0, share)
    color = color * (1 + 0.10 * ((at[:, [1]] - EYE[1]) / EYE_RADIUS))
    return make("eye", _over(at, 3.0), (0, 0, 1), (0.72, 0.72, 0.1), np.clip(color, 0, 1), a=1.0)


def _pupil() -> Cloud:
    at, r = disc(*EYE, PUPIL_RADIUS, 0.95)
    color = np.array([0.02, 0.06, 0.11]) + 0.10 * smoothstep(0.5, 1.0, r / PUPIL_RADIUS)[:, None] * np.array(
        [0.2, 0.8, 1.0]
    )
    dark = make("eye", _over(at, 3.9), (0, 0, 1), (0.62, 0.62, 0.1), color, b=1.0)
    spots = []
    for dx, dy, radius, bright in ((-3.2, 3.4, 2.9, 1.0), (3.4, -3.0, 1.5, 0.75)):
        at, _ = disc(EYE[0] + dx, EYE[1] + dy, radius, 0.7)
        spots.append(make("glint", _over(at, 4.6), (0, 0, 1), (0.5, 0.5, 0.1), (1, 1, 1), opacity=bright, b=1.0))
    return gather([dark, *spots])


def lid_target(u: Array, v: Array) -> tuple[Array, Array]:
    """Where the upper lid's point (u across, v down, both 0 to 1) is when it is closed: it covers the eye's disc."""
    x = EYE[0] + (EYE_RADIUS + 1.2) * (2 * u - 1)
    half = np.sqrt(np.maximum((EYE_RADIUS + 1.2) ** 2 - (x - EYE[0]) ** 2, 0.5))
    top, bottom = EYE[1] + half, EYE[1] - 0.62 * half
    return x, top + (bottom - top) * v


def lid_rest(u: Array, v: Array) -> tuple[Array, Array]:
    """Where it waits: rolled up along the eye's upper edge."""
    x, _ = lid_target(u, v)
    half = np.sqrt(np.maximum((EYE_RADIUS + 1.2) ** 2 - (x - EYE[0]) ** 2, 0.5))
    return x, EYE[1] + half + 1.0 - 2.6 * v


def _lids() -> Cloud:
    """Both shutters, of the visor's colour; the upper one's edge glows."""
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(0, 1, 25), np.linspace(0, 1, 21)))
    x, y = lid_rest(u, v)
    shutter = make("lid_inner", on_front(x, y, 5.6), (0, 0, 1), (1.15, 1.1, 0.1), VISOR * 1.25, a=u, b=v)
    u = np.linspace(0.01, 0.99, 44)
    x, y = lid_rest(u, np.ones(44))
    edge = make("lid_edge", on_front(x, y, 6.4), (0, 0, 1), (0.85, 0.85, 0.1), DEEP * 1.15, opacity=0.9, a=u, b=1.0)
    u, v = (g.ravel() for g in np.meshgrid(np.linspace(0, 1, 25), np.linspace(0, 1, 9)))
    x, _ = lid_target(u, v)
    half = np.sqrt(np.maximum((EYE_RADIUS + 1.2) ** 2 - (x - EYE[0]) ** 2, 0.5))
    lower = make(
        "lid_inner",
        on_front(x, EYE[1] - half - 1.0 + 1.2 * v, 5.2),
        (0, 0, 1),
        (1.15, 0.9, 0.1),
        VISOR * 1.25,
        a=u,
        b=-1.0 - v,
    )
    return gather([shutter, edge, lower])


def _brow() -> Cloud:
    u = np.linspace(0, 1, 46)
    x, y = EYE[0] - 15 + 31 * u, EYE[1] + 27.5 + 3.2 * np.sin(np.pi * u)
    thick = 1.6 * (np.minimum(1, 6 * u * (1 - u) + 0.45))
    scale = np.stack([np.full(46, 0.8), thick, np.full(46, 0.1)], axis=1)
    return make("brow", on_front(x, y, 7.0), (0, 0, 1), scale, LIGHT * 0.96, tangent=(1, 0, 0), a=u)


def _cheek() -> Cloud:
    at, r = disc(51.0, 14.0, 8.5, 1.7)
    color = np.tile(np.array([0.96, 0.42, 0.45]), (len(r), 1))
    return make(
        "glow", _over(at, 3.0), (0, 0, 1), (1.2, 1.2, 0.1), color, opacity=0.62 * smoothstep(9.5, 3.0, r), a=1.0
    )


def _nose() -> Cloud:
    at, _ = disc(0.0, 19.0, 3.0, 0.9)
    return make("skin", _over(at, 3.0), (0, 0, 1), (0.6, 0.6, 0.1), DEEP * 0.85, opacity=0.75)


def line(s: Array) -> Array:
    """Height of the closed mouth: a friendly curve."""
    return MOUTH_Y - 2.6 + 5.2 * np.abs(s) ** 2.6


def _lips() -> Cloud:
    """Two glowing bands that touch."""
    s, b = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 66), np.linspace(0.08, 0.92, 7)))
    round_off = np.sqrt(np.clip(1 - np.abs(s) ** 6, 0.02, 1))
    out = []
    for part, sign, share in (("upper_lip", 1.0, 0.0), ("lower_lip", -1.0, 1.0)):
        y = line(s) + sign * LIP_MM * b * round_off
        color = LIGHT + (DEEP - LIGHT) * smoothstep(0.55, 1.0, b)[:, None] * 0.7
        out.append(
            make(
                part,
                on_front(s * MOUTH_HALF, y, 5.2),
                (0, 0, 1),
                (0.62, 0.55, 0.1),
                color,
                tangent=(1, 0, 0),
                a=s,
                b=share,
            )
        )
    return gather(out)


def _cavity() -> Cloud:
    """The dark of the mouth, folded behind the lips."""
    s, v = (g.ravel() for g in np.meshgrid(np.linspace(-0.985, 0.985, 58), np.linspace(0, 1, 26)))
    y = line(s) + (0.5 - v) * 2.4
    shade = 0.55 + 0.45 * smoothstep(0.2, 1.0, v)[:, None]
    return make(
        "bag",
        on_front(s * MOUTH_HALF, y, 2.4),
        (0, 0, 1),
        (0.75, 1.15, 0.1),
        np.array([0.30, 0.045, 0.085]) * shade,
        a=s,
        b=v,
    )


def _teeth() -> Cloud:
    x, v = (g.ravel() for g in np.meshgrid(np.arange(-13, 13.05, 0.65), np.linspace(0, 1, 7)))
    rise = 5.2 * (x / MOUTH_HALF) ** 2 * 0.6
    y = TEETH_EDGE_Y + rise + v * (TEETH_TOP_Y - TEETH_EDGE_Y)
    gaps = 0.16 * np.exp(-(((np.abs(x + 30) % 5.2 - 2.6) / 0.5) ** 2))[:, None]
    return make(
        "upper_teeth", on_front(x, y, 4.2), (0, 0, 1), (0.5, 0.55, 0.1), np.array([0.93, 0.95, 0.96]) * (1 - gaps)
    )


def _tongue() -> Cloud:
    """Folded behind the lower lip; a: across, b: 0 at its root (below), 1 at its tip (above)."""
    s, v = (g.ravel() for g in np.meshgrid(np.linspace(-1, 1, 24), np.linspace(0, 1, 14)))
    x = 13.5 * s * np.sqrt(np.clip(1 - 0.75 * v**2.5, 0.05, 1))
    y = line(x / MOUTH_HALF) - 0.6 - 2.0 * (1 - v)
    tone = np.array([0.95, 0.38, 0.40]) * (0.78 + 0.22 * v[:, None]) * (1 - 0.14 * np.exp(-((s / 0.13) ** 2)))[:, None]
    return make("tongue", on_front(x, y, 3.4), (0, 0, 1), (0.85, 1.0, 0.1), tone, a=s, b=v)
