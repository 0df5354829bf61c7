"""The idle layer: everything of a face that is alive and is not speech. Owns eyes, lids, brows, head and a smile."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, radians, sin
from zlib import crc32

import numpy as np

from ..core.arkit import ARKIT_INDEX
from ..core.arrays import F32
from ..core.enums import AgentState
from .base import MotionSettings
from .blink import Blinker
from .emotions import Emotion
from .gaze import Gaze, Look
from .gesture_player import GesturePlayer
from .head import HeadMotion
from .nods import Nods

Quaternion = tuple[float, float, float, float]

#: Degrees of eye rotation at weight 1 of ARKit's eyeLook shapes.
_EYE_YAW_DEG, _EYE_UP_DEG, _EYE_DOWN_DEG = 30.0, 25.0, 30.0
#: Lids follow the eyes downwards.
_LID_WITH_GAZE = 0.25
_SMILE_WHILE_LISTENING = 1.6
_BROW_BEAT = 0.22
_GLANCE_BLINK, _PHRASE_BLINK = 0.3, 0.5
_LONGEST_STEP_S = 0.2
#: Who sleeps lets the head sink; how fast eyes and head go down and come up, s.
_SLEEP_PITCH_DEG, _SLEEP_TAU_S = 9.0, 0.35
#: What shuts and what moves the lid of each eye.
_LIDS = tuple(
    tuple(ARKIT_INDEX[f"{name}{side}"] for name in ("eyeBlink", "eyeWide", "eyeLookUp", "eyeLookDown"))
    for side in ("Left", "Right")
)
#: Smile and cheek of each side, and how much of the smile each shows.
_SMILE_SHAPES = tuple(
    (ARKIT_INDEX[f"{name}{side}"], share)
    for name, share in (("mouthSmile", 1.0), ("cheekSquint", 0.4))
    for side in ("Left", "Right")
)


@dataclass(frozen=True)
class IdlePose:
    """weights [52] 0–1; rotation wxyz and translation (metres) of the head relative to rest."""

    weights: F32
    rotation: Quaternion
    translation: tuple[float, float, float]


class IdleFace:
    """One session's face. Same seed, same session, same times: same movements."""

    def __init__(self, settings: MotionSettings, session: str) -> None:
        def stream(part: int) -> np.random.Generator:
            return np.random.default_rng([settings.seed, crc32(session.encode()), part])

        self._smile = settings.smile
        self._smile_now = settings.smile
        self._blinker = Blinker(stream(0), settings.blinks_per_min)
        self.gaze = Gaze(stream(1), settings.liveliness)
        self._head = HeadMotion(stream(2), settings.liveliness)
        self.nods = Nods(stream(3))
        self._liveliness = settings.liveliness
        self.emotion = Emotion()
        self.gesture = GesturePlayer()
        self._asleep = 0.0  # 0-1
        self._last_s: float | None = None

    def step(self, now_s: float, state: AgentState, loudness: float) -> IdlePose:
        """The face at `now_s`; loudness 0–1 of the avatar's voice as it will be heard in STRESS_LEAD_S."""
        step_s = 0.0 if self._last_s is None else min(max(now_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = now_s
        look = self.gaze.step(now_s, step_s, state)
        sway = self._head.step(now_s, step_s, loudness, self.nods.step(now_s, state))
        if self.gaze.glanced:
            self._blinker.hint(now_s, _GLANCE_BLINK)
        if self._head.phrase_ended:
            self._blinker.hint(now_s, _PHRASE_BLINK)
        own_eyes, made = self.gesture.moves_eyes, self.gesture.step(now_s)
        self._asleep += (float(state is AgentState.SLEEPING) - self._asleep) * (1 - exp(-step_s / _SLEEP_TAU_S))
        yaw, pitch = sway.yaw + made.yaw_deg, sway.pitch + made.pitch_deg + _SLEEP_PITCH_DEG * self._asleep
        # Eyes stay on what they look at while the head sways.
        held_yaw, held_pitch = (sway.yaw, sway.pitch) if own_eyes else (yaw, pitch)
        held = Look(look.head_yaw, look.head_pitch, look.eye_yaw - held_yaw, look.eye_pitch - held_pitch)
        weights = self.emotion.step(step_s).copy()
        self._add_smile(weights, step_s, state)
        self._add_brows(weights, state)
        lids = max(self._asleep, self._blinker.step(now_s, state is AgentState.SPEAKING))
        _add_eyes(weights, held, lids)
        weights += made.weights
        rotation = quaternion_from_degrees(look.head_yaw + yaw, look.head_pitch + pitch, sway.roll + made.roll_deg)
        return IdlePose(np.clip(weights, 0, 1), rotation, (0.0, sway.rise_m, 0.0))

    def _add_smile(self, weights: F32, step_s: float, state: AgentState) -> None:
        goal = self._smile * (_SMILE_WHILE_LISTENING if state is AgentState.LISTENING else 1.0)
        self._smile_now += (goal - self._smile_now) * (1 - float(np.exp(-step_s / 0.5)))
        for shape, share in _SMILE_SHAPES:
            weights[shape] += share * self._smile_now * (1 - self._asleep)

    def _add_brows(self, weights: F32, state: AgentState) -> None:
        lift = _BROW_BEAT * self._head.beat * self._liveliness
        if state is AgentState.LISTENING:
            lift += 0.05 * self._liveliness
        for name, share in (("browInnerUp", 1.0), ("browOuterUpLeft", 0.6), ("browOuterUpRight", 0.6)):
            weights[ARKIT_INDEX[name]] += share * lift


def _add_eyes(weights: F32, look: Look, lids: float) -> None:
    yaw, pitch = look.eye_yaw / _EYE_YAW_DEG, look.eye_pitch
    left = max(0.0, yaw)  # both eyes to the avatar's left: the left one outwards, the right one inwards
    right = max(0.0, -yaw)
    up, down = max(0.0, -pitch) / _EYE_UP_DEG, max(0.0, pitch) / _EYE_DOWN_DEG
    for name, value in (
        ("eyeLookOutLeft", left),
        ("eyeLookInRight", left),
        ("eyeLookInLeft", right),
        ("eyeLookOutRight", right),
    ):
        weights[ARKIT_INDEX[name]] += value
    for blink, wide, look_up, look_down in _LIDS:
        weights[look_down] += down
        weights[blink] = max(lids, float(weights[blink]) + _LID_WITH_GAZE * down)
        # What lifts a lid gives way to what shuts it: shapes add up, and a wide eye would stay open in a blink. Heavy
        # lids (tired: 0.3) leave a glance upwards as it is; shut ones (asleep) do not.
        opened = 1 - max(lids, min(1.0, float(weights[blink])) ** 3)
        weights[look_up] = (weights[look_up] + up) * opened
        weights[wide] *= opened


def quaternion_from_degrees(yaw: float, pitch: float, roll: float) -> Quaternion:
    """The wxyz of a head that turns left by yaw (about y), then nods down by pitch (x), then tilts by roll (z).

    Angles in degrees.
    """
    cy, sy = cos(radians(yaw) / 2), sin(radians(yaw) / 2)
    cx, sx = cos(radians(pitch) / 2), sin(radians(pitch) / 2)
    cz, sz = cos(radians(roll) / 2), sin(radians(roll) / 2)
    # q = q_yaw · q_pitch · q_roll
    w, x, y, z = cy * cx, cy * sx, sy * cx, -sy * sx
    return (w * cz - z * sz, x * cz + y * sz, y * cz - x * sz, w * sz + z * cz)
