"""Head movements: sums of slow sines and soft gestures, 4–13°, about the base of the skull."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .sdf import Array, smoothstep

RATE_HZ = 30.0
HEAD_BONE = "head"
BONES: tuple[tuple[str, tuple[float, float, float]], ...] = (  # places at rest, metres
    ("hip", (0.0, 1.05, 0.0)), ("chestUpper", (0.0, 1.40, -0.03)), ("neckLower", (0.0, 1.52, -0.03)),
    ("neckUpper", (0.0, 1.57, -0.022)), (HEAD_BONE, (0.0, 1.60, -0.018)),
)


Turns = tuple[Array, Array, Array]  # pitch, yaw, roll, degrees
Angles = Callable[[Array], Turns]  # of the share of the clip that has passed, 0–1


@dataclass(frozen=True)
class HeadClip:
    """A movement of the head joint."""

    name: str
    times_s: Array  # [K]
    quaternions_xyzw: Array  # [K, 4]
    shift_m: Array  # [K, 3]


def make_clips() -> list[HeadClip]:
    """All clips, in the order of LAM's own, and one for listening."""
    makers = {
        "head_test": (10.0, _head_test), "hello": (2.1667, _hello), "idle": (10.0, _idle), "speak_1": (2.0, _speak(1)),
        "speak_2": (2.0, _speak(2)), "speak_3": (3.0, _speak(3)), "speak_4": (2.3333, _speak(4)),
        "speak": (3.0, _speak(5)), "speak_end": (10.0, _idle), "think_part_1": (1.1667, _think_start),
        "think_part_2": (3.0, _think), "think_part_3": (1.3333, _think_end), "listen": (6.0, _listen),
    }
    return [_clip(name, seconds, angles) for name, (seconds, angles) in makers.items()]


def _clip(name: str, seconds: float, angles: Angles) -> HeadClip:
    times = np.linspace(0, seconds, round(seconds * RATE_HZ) + 1)
    u = times / seconds
    pitch, yaw, roll = (np.broadcast_to(v, u.shape) for v in angles(u))
    shift = np.stack([-0.10 * roll, -0.02 * np.abs(pitch), 0.12 * pitch], axis=1) / 1000
    return HeadClip(name, times, euler_quaternions(pitch, yaw, roll), shift)


def euler_quaternions(pitch: Array, yaw: Array, roll: Array) -> Array:
    """Xyzw [K, 4] of turns in degrees: pitch down (x), then roll (z), then yaw to the character's left (y)."""
    x, y, z = (np.radians(v) / 2 for v in (pitch, yaw, roll))
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    return np.stack([cy * cz * sx + sy * sz * cx, cx * cz * sy + sx * sz * cy, cx * cy * sz - sx * sy * cz,
                     cx * cy * cz + sx * sy * sz], axis=1)


def _wave(u: Array, cycles: int, phase: float = 0.0) -> Array:
    return np.sin(2 * np.pi * (cycles * u + phase))


def _bell(u: Array, middle: float, width: float) -> Array:
    """A soft bump that is 0 at both ends of the clip."""
    return np.exp(-(((u - middle) / width) ** 2)) * smoothstep(0, 0.15, u) * smoothstep(1, 0.85, u)


def _idle(u: Array) -> Turns:
    home = smoothstep(0, 0.08, u) * smoothstep(1, 0.92, u)
    return (home * (0.9 * _wave(u, 2) + 0.5 * _wave(u, 5, 0.2)), home * (2.6 * _wave(u, 1) + 1.2 * _wave(u, 3, 0.3)),
            home * (1.3 * _wave(u, 1, 0.4) + 0.6 * _wave(u, 2, 0.1)))


def _listen(u: Array) -> Turns:
    lean = smoothstep(0, 0.15, u) * smoothstep(1, 0.85, u)
    return (lean * 1.5 + 3.2 * _bell(u, 0.38, 0.05) + 2.4 * _bell(u, 0.50, 0.05),
            1.5 * lean * _wave(u, 1), lean * (3.2 + 0.8 * _wave(u, 2)))


def _hello(u: Array) -> Turns:
    nod = 7.5 * _bell(u, 0.42, 0.14) - 2.5 * _bell(u, 0.18, 0.10)
    return nod, 2.0 * _bell(u, 0.6, 0.25), 5.0 * _bell(u, 0.55, 0.22)


def _head_test(u: Array) -> Turns:
    return (8 * (_bell(u, 0.12, 0.05) - _bell(u, 0.25, 0.05)), 13 * (_bell(u, 0.42, 0.06) - _bell(u, 0.58, 0.06)),
            8 * (_bell(u, 0.75, 0.05) - _bell(u, 0.87, 0.05)))


def _speak(kind: int) -> Angles:
    def angles(u: Array) -> Turns:
        home = smoothstep(0, 0.12, u) * smoothstep(1, 0.88, u)
        p = 0.17 * kind
        pitch = 2.3 * _wave(u, 1, p) + 1.5 * _wave(u, 3, 2 * p)
        yaw = 2.6 * _wave(u, 1, 3 * p) + 1.0 * _wave(u, 2, p)
        roll = 1.7 * _wave(u, 1, 5 * p) + 0.7 * _wave(u, 2, 4 * p)
        return home * pitch, home * yaw, home * roll

    return angles


_THINK = np.array([-4.5, 7.0, 3.5])  # up, to the side, tilted


def _think_start(u: Array) -> Turns:
    grown = smoothstep(0, 1, u)
    return _THINK[0] * grown, _THINK[1] * grown, _THINK[2] * grown


def _think(u: Array) -> Turns:
    sway = 1.2 * (1 - np.cos(2 * np.pi * u)) / 2
    return _THINK[0] + 0.8 * _wave(u, 1), _THINK[1] + sway, _THINK[2] + 0.7 * _wave(u, 2)


def _think_end(u: Array) -> Turns:
    return _think_start(1 - u)
