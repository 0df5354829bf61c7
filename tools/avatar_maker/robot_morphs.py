"""The 52 ARKit shapes of the robot: lights that move on its visor (mm at weight 1)."""

from __future__ import annotations

import numpy as np

from .cloud import Cloud
from .robot_face import lid_rest, lid_target, line
from .robot_solids import EYE, MOUTH_HALF
from .sdf import Array, smoothstep

JAW_OPEN_MM, UPPER_UP_MM = 34.0, 1.6
LOOK_MM = 8.2


def make_robot_morphs(cloud: Cloud) -> dict[str, Array]:
    """Name to deltas [N, 3]."""
    out = _mouth(cloud)
    for name, sign in (("Left", 1.0), ("Right", -1.0)):
        here = cloud.position[:, 0] * sign > 0
        out |= {shape + name: np.where(here[:, None], field, 0) for shape, field in _upper_face(cloud, sign).items()}
    out["browInnerUp"] = _brow(cloud, 1.0, 8.0, 0.0) + _brow(cloud, -1.0, 8.0, 0.0)
    out["cheekPuff"] = _cheeks(cloud, grow=0.55)
    return out


def _upper_face(cloud: Cloud, sign: float) -> dict[str, Array]:
    """Shapes of one side; what is on the other is cut away by the caller."""
    up, low, wide = _lid(cloud, 1.0, sign), _lower_lid(cloud, sign), _widened(cloud, sign)
    cheek = _cheeks(cloud)
    return {
        "eyeBlink": up + 0.55 * low,
        "eyeSquint": 0.16 * up + low,
        "eyeWide": wide - 0.06 * up,
        "eyeLookUp": _look(cloud, 0, LOOK_MM),
        "eyeLookDown": _look(cloud, 0, -LOOK_MM) + 0.16 * up,
        "eyeLookIn": _look(cloud, -LOOK_MM * sign, 0),
        "eyeLookOut": _look(cloud, LOOK_MM * sign, 0),
        "browDown": _brow(cloud, sign, -9.0, -3.5),
        "browOuterUp": _brow(cloud, sign, 1.0, 8.5),
        "cheekSquint": cheek + np.array([0, 5.0, 0]) * cloud.where("glow")[:, None],
        "noseSneer": np.array([0.6 * sign, 3.4, 0]) * cloud.where("skin")[:, None]
        + 0.35 * _brow(cloud, sign, -6.0, 0.0),
    }


def _lid(cloud: Cloud, share: float, sign: float) -> Array:
    rows = (cloud.where("lid_inner") & (cloud.b >= 0)) | cloud.where("lid_edge")
    out = np.zeros_like(cloud.position)
    u, v = cloud.a[rows], cloud.b[rows]
    out[rows, 1] = share * (lid_target(u, v)[1] - lid_rest(u, v)[1])
    return out


def _lower_lid(cloud: Cloud, sign: float) -> Array:
    rows = cloud.where("lid_inner") & (cloud.b <= -1)
    out = np.zeros_like(cloud.position)
    out[rows, 1] = 13.0 * (-1 - cloud.b[rows]) * np.sqrt(np.clip(1 - (2 * cloud.a[rows] - 1) ** 2, 0, 1))
    return out


def _widened(cloud: Cloud, sign: float) -> Array:
    rows = cloud.where("eye", "glint", "lid_inner", "lid_edge")
    middle = np.array([EYE[0] * sign, EYE[1]])
    out = np.zeros_like(cloud.position)
    out[rows, :2] = 0.13 * (cloud.position[rows, :2] - middle)
    return out


def _look(cloud: Cloud, x: float, y: float) -> Array:
    """The pupil moves over the light of the eye, its reflections a little less."""
    share = np.where(cloud.where("glint"), 0.8, 1.0) * (cloud.where("eye", "glint") & (cloud.b > 0))
    return share[:, None] * np.array([x, y, 0.0])


def _brow(cloud: Cloud, sign: float, inner_mm: float, outer_mm: float) -> Array:
    rows = cloud.where("brow") & (cloud.position[:, 0] * sign > 0)
    out = np.zeros_like(cloud.position)
    out[rows, 1] = inner_mm + (outer_mm - inner_mm) * smoothstep(0.0, 1.0, cloud.a[rows])
    return out


def _cheeks(cloud: Cloud, grow: float = 0.25) -> Array:
    rows = cloud.where("glow") & (cloud.a > 0)
    middle = np.array([51.0, 14.0])
    out = np.zeros_like(cloud.position)
    side = np.sign(cloud.position[rows, :1])
    out[rows, :2] = grow * (cloud.position[rows, :2] - middle * np.concatenate([side, np.ones_like(side)], axis=1))
    return out


def _mouth(cloud: Cloud) -> dict[str, Array]:
    """Every shape of the mouth is a move of the upper and of the lower lip; the dark between stretches with them."""
    m = _Mouth(cloud)
    s, part = m.s, m.part
    corner = s**2
    zero = 0 * s
    shapes = {
        "jawOpen": m.both((-0.05 * m.x, UPPER_UP_MM * part), (-0.05 * m.x, -JAW_OPEN_MM * part)),
        "mouthClose": m.both((zero, -UPPER_UP_MM * part), (zero, JAW_OPEN_MM * part)),
        "jawForward": m.both((zero, zero), (zero, -1.2 * part), 3.0),
        "mouthPucker": m.both((-0.46 * m.x, 1.2 * part), (-0.46 * m.x, -1.2 * part), 8.5),
        "mouthFunnel": m.both((-0.34 * m.x, 3.2 * part), (-0.34 * m.x, -6.5 * part), 3.0),
        "mouthRollUpper": m.both((zero, -2.6 * part), (zero, zero)),
        "mouthRollLower": m.both((zero, zero), (zero, 1.8 * part), -1.0),
        "mouthShrugUpper": m.both((zero, 4.2 * part), (zero, 0.8 * part)),
        "mouthShrugLower": m.both((zero, 3.4 * part), (zero, 3.4 * part)),
        "tongueOut": m.tongue_out(),
    }
    for name, sign in (("Left", 1.0), ("Right", -1.0)):
        half = smoothstep(-0.25, 0.35, s * sign)
        side = half * corner
        whole = (7.5 * sign + zero, zero)
        shapes |= {
            "jaw" + name: m.both((zero, zero), (6.5 * sign * part, -0.5 * part)),
            "mouth" + name: m.both(whole, whole),
            "mouthSmile" + name: m.both((4.0 * sign * side, 9.5 * side), (4.0 * sign * side, 9.5 * side)),
            "mouthFrown" + name: m.both((zero, -11.0 * side), (zero, -11.0 * side)),
            "mouthStretch" + name: m.both((6.2 * sign * side, -2.0 * side), (6.2 * sign * side, -2.0 * side)),
            "mouthDimple" + name: m.both((4.2 * sign * side, 2.0 * side), (4.2 * sign * side, 2.0 * side)),
            "mouthPress" + name: m.both(
                (2.0 * sign * side, -1.3 * half * part), (2.0 * sign * side, 1.3 * half * part)
            ),
            "mouthUpperUp" + name: m.both((zero, 9.5 * half * part), (zero, zero)),
            "mouthLowerDown" + name: m.both((zero, zero), (zero, -8.5 * half * part)),
        }
    return shapes


Way = tuple[Array, Array]


class _Mouth:
    """Where each splat is in the mouth: s across, and its share of the lower lip's move."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.moves = cloud.where("upper_lip", "lower_lip", "bag", "tongue")
        lips = cloud.where("upper_lip", "lower_lip")
        self.x = np.where(self.moves, cloud.position[:, 0], 0.0)
        self.s = np.clip(self.x / MOUTH_HALF, -1, 1)
        self.part = np.maximum(1 - np.abs(self.s) ** 2.6, 0) ** 0.75
        tongue = cloud.where("tongue")
        self.lower = np.where(lips | cloud.where("bag"), cloud.b, np.where(tongue, 0.97 - 0.42 * cloud.b, 0.0))
        self.lips = lips

    def both(self, upper: Way, lower: Way, forward_mm: float = 0.0) -> Array:
        """Moves [N, 3] of everything from those (x, y) of the lips; `forward_mm` of the lips alone."""
        out = np.zeros_like(self.cloud.position)
        for axis in (0, 1):
            out[:, axis] = (1 - self.lower) * upper[axis] + self.lower * lower[axis]
        out[:, 2] = forward_mm * self.lips
        return out * self.moves[:, None]

    def tongue_out(self) -> Array:
        """It hangs over the lower lip, which gives way."""
        out = self.both((0 * self.s, 0.8 * self.part), (0 * self.s, -5.0 * self.part))
        rows = self.cloud.where("tongue")
        root = line(self.s[rows]) - 3.0
        out[rows, 1] = root - 15.0 * self.cloud.b[rows] - self.cloud.position[rows, 1]
        out[rows, 2] = 2.6 * smoothstep(0.0, 0.35, self.cloud.b[rows])
        return out
