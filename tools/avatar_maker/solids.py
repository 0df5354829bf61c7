"""The character as solids: head with nose, sockets and ears, neck, clothed shoulders, and the bulk of the hair."""

from __future__ import annotations

import numpy as np

from .person import Person
from .sdf import Array, capsule, cut, ellipsoid, join, mirrored, ring, smoothstep, sphere

EYE = np.array([33.0, 42.0, 53.4])  # centre of the left eyeball (the character's left is +x)
EYE_RADIUS = 18.5
LID_RADIUS = 20.3
MOUTH_Y = -23.0
MOUTH_HALF_WIDTH = 24.0
JAW_HINGE = np.array([0.0, 12.0, -2.0])


def head(p: Array) -> Array:
    """Skull, face and neck without the ears."""
    q = mirrored(p)
    d = join(_skull(q), _face(q), 14)
    d = join(d, _nose(q), 9)
    d = _nostrils(_sockets(d, q), q)
    return join(d, _neck(q), 10)


def _skull(q: Array) -> Array:
    cranium = ellipsoid(q, (0, 66, -16), (72, 74, 91))
    forehead = ellipsoid(q, (0, 80, 14), (60, 54, 65))
    return join(cranium, forehead, 20)


def _face(q: Array) -> Array:
    d = ellipsoid(q, (0, 6, 14), (57, 78, 64))
    d = join(d, ellipsoid(q, (0, -34, 40), (33, 27, 43)), 16)  # jaw
    d = join(d, capsule(q, (48, -4, 4), (11, -50, 69), 7.5, 7.5), 18)  # mandible
    d = join(d, ellipsoid(q, (0, -50, 72), (13, 11, 16.5)), 12)  # chin
    d = join(d, sphere(q, (31, 4, 56), 22.5), 14)  # cheek
    d = join(d, ellipsoid(q, (40, 18, 42), (14, 12, 23)), 14)  # cheekbone
    d = join(d, ellipsoid(q, (46, 44, 24), (17, 26, 29)), 20)  # temple
    d = join(d, capsule(q, (8, 63.5, 72), (44, 65, 57), 8), 12)  # brow ridge
    d = join(d, ellipsoid(q, (0, MOUTH_Y, 66), (27, 20, 21.5)), 14)  # muzzle
    crease = capsule(q, (0, -39.5, 92), (12, -38.5, 88), 2.5)  # between lower lip and chin
    return cut(d, crease, 9)


def _nose(q: Array) -> Array:
    bridge = capsule(q, (0, 53, 75.5), (0, 15, 93.5), 4.8, 6.0)
    tip = sphere(q, (0, 10.0, 97.0), 6.7)
    wings = ellipsoid(q, (6.9, 6.4, 88.5), (4.8, 4.8, 7.2))
    return join(join(bridge, tip, 9), wings, 7)


def _nostrils(d: Array, q: Array) -> Array:
    d = cut(d, ellipsoid(q, (4.3, 0.5, 92.5), (2.4, 2.8, 4.2)), 2.0)
    return cut(d, capsule(q, (0, -2, 93.5), (0, -14, 92), 1.6), 3.5)  # philtrum


def _sockets(d: Array, q: Array) -> Array:
    d = cut(d, ellipsoid(q, (32, 42, 87), (19, 14.5, 15)), 11)
    return join(d, sphere(q, (EYE[0], EYE[1], EYE[2]), LID_RADIUS), 5.5)


def _neck(q: Array) -> Array:
    d = capsule(q, (0, -180, -32), (0, -30, -26), 41, 37)
    muscle = capsule(q, (48, 5, -30), (9, -128, 4), 7, 5)  # sternocleidomastoid
    return join(d, muscle, 14)


def ear_frame(q: Array) -> Array:
    """Points in the ear's own axes: back, up, outward (mm, from the middle of the ear)."""
    centre = np.array([72.0, 26.0, -14.0])
    back, up, out = np.array([0.34, 0.16, -0.93]), np.array([0.10, 0.98, 0.16]), np.array([0.93, -0.13, 0.33])
    return (q - centre) @ np.stack([back, up, out], axis=1)


def ears(p: Array) -> Array:
    """Both outer ears: a plate with a rim, a bowl and a lobe."""
    e = ear_frame(mirrored(p))
    plate = ellipsoid(e, (3, 0, 1), (14.5, 27, 3.6))
    angle = np.arctan2(e[:, 1] / 27, (e[:, 0] - 3) / 15)
    rim_line = np.stack([3 + 14.5 * np.cos(angle), 26.5 * np.sin(angle), np.full(len(e), 3.2)], axis=1)
    rim = np.linalg.norm(e - rim_line, axis=1) - 2.9 * (0.55 + 0.45 * smoothstep(-20, 5, e[:, 1]))
    fold = capsule(e, (9, 13, 3), (7, -12, 3.5), 2.6)
    d = join(join(plate, rim, 3), fold, 4)
    d = join(d, ellipsoid(e, (-1, -25, 1.5), (7.5, 7.5, 3.8)), 5)
    d = join(d, ellipsoid(e, (-9, -6, 3.5), (3, 5.5, 3)), 3)  # tragus
    return cut(d, ellipsoid(e, (0, -5, 7), (6.5, 10, 7.5)), 4)


def skin(p: Array) -> Array:
    """Everything that is skin."""
    return join(head(p), ears(p), 5)


class Figure:
    """The parts that differ from person to person: where hair begins, its bulk, and what is worn."""

    def __init__(self, person: Person) -> None:
        self._hair, self._worn = person.hair, person.garment

    def hairline_y(self, p: Array) -> Array:
        """Height of the hairline at a point of the scalp, from its depth z and side x."""
        widow = -2.5 * np.exp(-((p[:, 0] / 9) ** 2)) * (p[:, 2] > 40)
        temple = self._hair.recess_mm * np.exp(-(((np.abs(p[:, 0]) - 40) / 15) ** 2)) * smoothstep(18, 40, p[:, 2])
        return np.interp(p[:, 2], self._hair.line_z, self._hair.line_y) + widow + temple

    def hair_bulk(self, p: Array) -> Array:
        """Roughly where the hair is, for shadows and occlusion."""
        thick = self._hair.numbers.get("bulk_mm", 8.0)
        shell = ellipsoid(p, (0, 71, -20), (72 + thick, 72 + 0.8 * thick, 90 + thick))
        return np.maximum(shell, self.hairline_y(p) - p[:, 1] - 4)

    def garment(self, p: Array) -> Array:
        """Shoulders, chest and collar."""
        q = mirrored(p)
        d = ellipsoid(q, (0, -290, -22), (128, 155, 78))
        d = join(d, capsule(q, (0, -119, -34), (126, -194, -34), 36, 42), 36)  # shoulder slope
        d = join(d, capsule(q, (138, -215, -34), (162, -330, -28), 44), 30)  # upper arm
        d = join(d, capsule(p, (0, -166, -31), (0, -190, -30), 53, 66), 20)
        d = join(d, capsule(p, (0, -144, -48), (0, -190, -42), 43, 60), 14)
        d = cut(d, capsule(q, (0, -20, -18), (0, -60, -18), self._worn.opening_mm), 8)  # the opening at the neck
        return join(d, self.collar(p), 5)

    def collar(self, p: Array) -> Array:
        """Soft rolls around the neck, lower in front."""
        rolls = [ring(p, (0, y, z), (rx, rz), tube, tilt) for y, z, rx, rz, tube, tilt in self._worn.rolls]
        d = rolls[0]
        for roll in rolls[1:]:
            d = join(d, roll, 3)
        return d

    def scene(self, p: Array) -> Array:
        """All of it, for light."""
        return np.minimum(np.minimum(skin(p), self.garment(p)), self.hair_bulk(p))


def over_ears(p: Array) -> Array:
    """The head with the ears' upper half, smoothed: what short hair lies on."""
    return join(head(p), ellipsoid(mirrored(p), (70, 38, -16), (9, 22, 20)), 12)


def hanging(p: Array) -> Array:
    """The head widened to a bullet, open downwards: what long hair hangs along."""
    q = np.stack([p[:, 0], np.maximum(p[:, 1] - 36, 0), p[:, 2]], axis=1)
    around = np.maximum(ellipsoid(q, (0, 0, -14), (76, 104, 88)), -90 - p[:, 1])
    return join(head(p), around, 12)
