"""Where the eyes look, and the head that follows them."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot

import numpy as np

from ..core.enums import AgentState

#: The head takes this share of a glance, with this time constant; the eyes are there at once and give back what the
#: head brings (vestibulo-ocular reflex).
_HEAD_SHARE, _HEAD_TAU_S = 0.55, 0.28
_MAX_HEAD_DEG, _MAX_EYE_DEG = 30.0, 28.0
#: Within a fixation the eyes rove over the listener's face (visible saccades of 1–2°).
_ROVE_DEG, _ROVE_S = (1.3, 0.8), (0.5, 2.2)
#: A saccade of a few degrees takes 30–50 ms.
_SACCADE_TAU_S = 0.018
#: Looking away: where (yaw, pitch in degrees, pitch up is negative), after and for how long, by state. People look
#: at their listener for 40 to 60 % of the time while they speak and at the speaker for about 75 % while they listen
#: (Kendon 1967; Argyle & Cook 1976), and away while they think (Glenberg et al. 1998). A host looks away less.
_AWAY_DEG = ((-17.0, -9.0), (15.0, -10.0), (-14.0, 5.0), (12.0, 6.0))
_AWAY_AFTER_S = {
    AgentState.THINKING: (0.3, 0.9),
    AgentState.SPEAKING: (2.0, 5.0),
    AgentState.LISTENING: (4.0, 9.0),
    AgentState.IDLE: (4.0, 10.0),
    AgentState.SLEEPING: (1e9, 1e9),
}
_AWAY_FOR_S = {
    AgentState.THINKING: (1.2, 3.0),
    AgentState.SPEAKING: (0.7, 1.8),
    AgentState.LISTENING: (0.4, 1.1),
    AgentState.IDLE: (0.8, 2.0),
    AgentState.SLEEPING: (0.0, 0.0),
}
_TARGET_KEPT_S = 2.0
#: A voice is looked at for so long after it was last heard, unless there is a target; and no further aside than this.
_VOICE_KEPT_S, _FURTHEST_VOICE_DEG = 4.0, 60.0


@dataclass(frozen=True)
class Look:
    """Angles in degrees; yaw to the avatar's left, pitch downwards. eyes: relative to the head."""

    head_yaw: float
    head_pitch: float
    eye_yaw: float
    eye_pitch: float


class Gaze:
    """Told the time and the state, says where eyes and head point."""

    def __init__(self, rng: np.random.Generator, liveliness: float) -> None:
        self._rng = rng
        self._liveliness = liveliness
        self._listener = (0.0, 0.0)
        self._target_s = self._voice_s = float("-inf")
        self._away = (0.0, 0.0)
        self._state = AgentState.IDLE
        self._change_s: float | None = None
        self._looks_away = False
        self._rove = (0.0, 0.0)
        self._rove_s = 0.0
        self._head = np.zeros(2)
        self._eyes = np.zeros(2)
        self.glanced = False  # a large glance began in the last step

    def aim(self, point: tuple[float, float, float], now_s: float) -> None:
        """Look at a point, metres from between the eyes (x to the avatar's left, y up, z forward)."""
        x, y, z = point
        self._listener = (degrees(atan2(x, max(z, 0.05))), -degrees(atan2(y, max(hypot(x, z), 0.05))))
        self._target_s, self._voice_s = now_s, float("-inf")

    def aim_at_voice(self, yaw_deg: float, now_s: float) -> None:
        """Somebody speaks there (to the avatar's left): looked at where nothing else is."""
        if now_s - self._target_s > _TARGET_KEPT_S:
            self._listener = (min(max(yaw_deg, -_FURTHEST_VOICE_DEG), _FURTHEST_VOICE_DEG), 0.0)
            self._voice_s = now_s

    def step(self, now_s: float, step_s: float, state: AgentState) -> Look:
        """The look at `now_s`, `step_s` after the one before."""
        self._decide(now_s, state)
        if now_s - self._target_s > _TARGET_KEPT_S and now_s - self._voice_s > _VOICE_KEPT_S:
            self._listener = (0.0, 0.0)
        centre = np.array(self._listener) + np.array(self._away) * self._liveliness
        wanted = centre + np.array(self._rove) * self._liveliness
        goal = np.clip(centre * _HEAD_SHARE, -_MAX_HEAD_DEG, _MAX_HEAD_DEG)
        self._head += (goal - self._head) * _approach(step_s, _HEAD_TAU_S)
        self._eyes += (wanted - self._eyes) * _approach(step_s, _SACCADE_TAU_S)
        relative = np.clip(self._eyes - self._head, -_MAX_EYE_DEG, _MAX_EYE_DEG)
        return Look(float(self._head[0]), float(self._head[1]), float(relative[0]), float(relative[1]))

    def _decide(self, now_s: float, state: AgentState) -> None:
        self.glanced = False
        if self._change_s is None or state is not self._state:
            self._state, self._looks_away = state, False
            self._away = (0.0, 0.0)
            self._change_s = now_s + self._draw(_AWAY_AFTER_S[state])
        if now_s >= self._change_s:
            self._looks_away = not self._looks_away
            self._away = self._somewhere() if self._looks_away else (0.0, 0.0)
            self._change_s = now_s + self._draw((_AWAY_FOR_S if self._looks_away else _AWAY_AFTER_S)[state])
            self.glanced = True
        if now_s >= self._rove_s:
            self._rove = tuple(self._rng.normal(0, _ROVE_DEG))
            self._rove_s = now_s + self._draw(_ROVE_S)

    def _somewhere(self) -> tuple[float, float]:
        yaw, pitch = _AWAY_DEG[int(self._rng.integers(len(_AWAY_DEG)))]
        scale = 1.0 if self._state is AgentState.THINKING else 0.6
        return yaw * scale * self._rng.uniform(0.7, 1.2), pitch * scale * self._rng.uniform(0.7, 1.2)

    def _draw(self, limits: tuple[float, float]) -> float:
        return float(self._rng.uniform(*limits))


def _approach(step_s: float, tau_s: float) -> float:
    """Share of the way to go in `step_s`, the same curve at any frame rate."""
    return 1 - float(np.exp(-step_s / tau_s))
