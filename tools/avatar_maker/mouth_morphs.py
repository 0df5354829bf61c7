"""Jaw, lips, cheeks and tongue."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud
from .lips import lip_line
from .sdf import Array, rotate_x, smoothstep
from .solids import JAW_HINGE, MOUTH_HALF_WIDTH

JAW_OPEN_DEG = 22.5
LOWER_LIP_DOWN, UPPER_LIP_UP = 3.0, 1.8  # mm that the lips themselves part more than the jaws
NARROWED = 0.06  # the corners come in as the jaw drops
CLOSE_BY_LOWER = 0.74  # mouthClose: share of the gap that the lower lip closes


def make(cloud: Cloud) -> dict[str, Array]:
    """Shapes of the mouth and jaw, both sides."""
    m = Mouth(cloud)
    out = {
        "jawOpen": m.jaw_open(),
        "mouthClose": m.close(),
        "jawForward": m.jaw[:, None] * np.array([0, -0.6, 4.2]),
        "mouthPucker": m.pucker(-0.44, 8.5, 0.2, -0.5),
        "mouthFunnel": m.pucker(-0.29, 6.0, 2.4, -5.0),
        "mouthRollUpper": m.lip(1, 9, (0, -2.2, -5.5)),
        "mouthRollLower": m.lip(-1, 11, (0, 1.6, -6.0)),
        "mouthShrugUpper": m.lip(1, 15, (0, 5.0, 1.8)),
        "mouthShrugLower": m.lip(1, 13, (0, 3.6, 1.2)) + m.lip(-1, 22, (0, 3.6, 2.4)),
        "cheekPuff": m.band(20, 14)[:, None] * np.array([0, 0, 2.2]),
        "tongueOut": m.tongue(),
    }
    for name, s in (("Left", 1.0), ("Right", -1.0)):
        out |= {f"jaw{name}": m.jaw[:, None] * np.array([7.2 * s, -0.4, 0.8]), f"mouth{name}": m.shift(s)}
        out |= {shape + name: field for shape, field in m.one_side(s).items()}
    return out


class Mouth:
    """Where each splat is in the mouth: beside it, above or below the lip line, how much it follows the jaw."""

    def __init__(self, cloud: Cloud) -> None:
        p = self.p = cloud.position
        self.cloud = cloud
        self.x = p[:, 0]
        self.line = lip_line(np.clip(self.x, -MOUTH_HALF_WIDTH, MOUTH_HALF_WIDTH))
        self.dy = p[:, 1] - self.line
        lips = cloud.where("upper_lip", "lower_lip")
        self.soft = cloud.where("skin", "under", "upper_lip", "lower_lip")
        self.front = smoothstep(15, 55, p[:, 2]) * self.soft
        s = np.abs(self.x) / MOUTH_HALF_WIDTH
        self.part = np.maximum(1 - np.clip(s, 0, 1) ** 3.0, 0) ** 0.8  # how far apart the lips can go here, 0–1
        sloped = self.dy - 32 * np.clip(1 - p[:, 2] / 78, 0, 1.2)
        self.side = np.where(lips, np.where(cloud.where("upper_lip"), 1.0, -1.0), np.where(sloped > 0, 1.0, -1.0))
        apart = 1 - (1 - self.part * (p[:, 2] > 60)) * (1 - smoothstep(0, 26, np.abs(np.where(lips, self.dy, sloped))))
        self.up = 0.5 + 0.5 * self.side * apart  # 1 with the upper jaw, 0 with the lower
        self.jaw = self._jaw_share()

    def _jaw_share(self) -> Array:
        p, cloud = self.p, self.cloud
        share = (1 - self.up) * smoothstep(-122, -62, p[:, 1]) * smoothstep(-12, 34, p[:, 2]) * self.soft
        share[cloud.where("lower_teeth") | (cloud.where("gum") & (cloud.b < 0))] = 1.0
        tongue, bag = cloud.where("tongue"), cloud.where("bag")
        share[tongue] = 0.55 + 0.40 * cloud.a[tongue]
        share[bag] = smoothstep(-12, -36, p[bag, 1]) * smoothstep(12, 45, p[bag, 2])
        return share

    def opening(self) -> Array:
        """Where the open jaw carries each point, if it followed fully."""
        arm = self.p - JAW_HINGE
        return rotate_x(arm, np.radians(JAW_OPEN_DEG)) - arm

    def jaw_open(self) -> Array:
        """The jaw turns about its hinge; the lips part a little more and the corners come in."""
        out = self.jaw[:, None] * self.opening()
        near = self.part * np.exp(-((self.dy / 18) ** 2)) * self.front
        out[:, 1] += near * np.where(self.side > 0, UPPER_LIP_UP, -LOWER_LIP_DOWN)
        out[:, 0] -= NARROWED * np.clip(self.x, -30, 30) * self.band(22, 14)
        return out

    def close(self) -> Array:
        """Brings the lips together again at an open jaw: exactly, at equal weights of jawOpen and mouthClose."""
        reach = np.where(self.side > 0, smoothstep(17, 8, np.abs(self.dy)), smoothstep(34, 11, np.abs(self.dy)))
        share = np.where(self.side > 0, 1 - CLOSE_BY_LOWER, -CLOSE_BY_LOWER) * self.part * reach * (self.p[:, 2] > 60)
        return (share * self.soft)[:, None] * (self.opening() - np.array([0, LOWER_LIP_DOWN + UPPER_LIP_UP, 0]))

    def band(self, below_and_above: float, extra_width: float = 10) -> Array:
        """1 at the lips, falling off around them [N]."""
        beside = np.maximum(np.abs(self.x) - 12, 0) / (MOUTH_HALF_WIDTH - 12 + extra_width)
        return np.exp(-(beside**2) * 1.6 - (self.dy / below_and_above) ** 2) * self.front

    def lip(self, side: float, reach: float, way: tuple[float, float, float]) -> Array:
        """One lip and the skin beyond it move; nothing crosses the line."""
        weight = self.part * np.exp(-((self.dy / reach) ** 2)) * (self.side == side) * self.front
        return weight[:, None] * np.array(way)

    def pucker(self, narrow: float, forward: float, upper: float, lower: float) -> Array:
        """Lips drawn together and forward, and parted a little."""
        band = self.band(19, 14)
        out = np.zeros_like(self.p)
        out[:, 0] = narrow * np.clip(self.x, -30, 30) * band
        out[:, 1] = np.where(self.side > 0, upper, lower) * self.part * np.exp(-((self.dy / 13) ** 2)) * self.front
        out[:, 2] = forward * band * (0.45 + 0.55 * np.exp(-((self.x / 17) ** 2)))
        return out

    def shift(self, sign: float) -> Array:
        """The whole mouth to one side, around the teeth."""
        band = self.band(20, 16)
        out = np.zeros_like(self.p)
        out[:, 0] = 9.5 * sign * band
        out[:, 1] = 1.2 * band * smoothstep(0, 20, self.x * sign)
        out[:, 2] = -2.2 * band * smoothstep(-10, 26, self.x * sign)
        return out

    def _corner(self, sign: float, wide: float = 15, tall: float = 14) -> Array:
        return np.exp(-(((self.x * sign - 25) / wide) ** 2) - (self.dy / tall) ** 2) * self.front

    def one_side(self, s: float) -> dict[str, Array]:
        """Shapes of the left (s = 1) or right (-1) half of the mouth."""
        corner, half = self._corner(s), smoothstep(-7, 9, self.x * s)
        cheek = np.exp(-(((self.x * s - 40) / 17) ** 2) - ((self.p[:, 1] - 2) / 17) ** 2) * self.front

        def move(weight: Array, x: float, y: float, z: float) -> Array:
            return weight[:, None] * np.array([x * s, y, z])

        press = np.exp(-((self.dy / 9) ** 2)) * self.part * half * self.front * (np.abs(self.dy) > 1.2)
        return {
            "mouthSmile": move(self._corner(s, 12.5, 14), 6.4, 6.6, -3.8) + move(cheek, 0.8, 3.4, 2.4),
            "mouthFrown": move(corner, 0.4, -6.5, -1.2),
            "mouthStretch": move(self._corner(s, 15, 18), 6.4, -2.6, -3.6),
            "mouthDimple": move(self._corner(s, 12, 12), 4.6, 1.6, -4.4),
            "mouthPress": move(corner, 2.6, 1.4, -2.4) + (press * -1.1 * self.side)[:, None] * np.array([0, 1.0, 0])
            + move(press, 0, 0, -1.0),
            "mouthUpperUp": self.lip(1, 15, (0.9 * s, 7.6, 1.0)) * half[:, None],
            "mouthLowerDown": self.lip(-1, 16, (0.4 * s, -7.6, -0.4)) * half[:, None],
        }

    def tongue(self) -> Array:
        """The tongue comes out over the lower lip, which gives way."""
        out = self.lip(-1, 18, (0, -7.5, -1.0)) + self.lip(1, 12, (0, 1.6, 0.4))
        rows = self.cloud.where("tongue")
        reach = smoothstep(0.05, 1.0, self.cloud.a[rows])
        rise = 4.5 * smoothstep(0.1, 0.6, reach) - 14 * reach**4
        out[rows] += np.stack([-0.10 * self.x[rows] * reach, rise, 36 * reach], axis=1)
        for name, drop in (("lower_teeth", -6.5), ("upper_teeth", 0.0)):
            out[self.cloud.where(name), 1] += drop
        out[self.cloud.where("gum") & (self.cloud.b < 0), 1] -= 6.5
        return out
