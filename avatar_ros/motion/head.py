"""Head movements that are not glances: breath, sway, nods of a listener, and the beat of one's own speech."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sin

import numpy as np

from ..core.types import Mood

_BREATH_HZ = 0.24
_BREATH_PITCH_DEG, _BREATH_RISE_M = 0.25, 0.0012
#: Sway: three slow waves an axis, of degrees; their phases are drawn.
_SWAY_HZ = np.array([0.07, 0.13, 0.31])
_SWAY_DEG = {"yaw": (0.7, 0.5, 0.2), "pitch": (0.4, 0.3, 0.15), "roll": (0.5, 0.3, 0.15)}
_NOD_HZ, _NOD_DEG, _NOD_DECAY_S = 1.6, 3.4, 0.45
_NOD_AFTER_S = (3.0, 7.5)
#: Speech: the head dips with loud syllables, and each phrase begins with a new, small turn and tilt.
_BEAT_DEG, _BEAT_TAU_S = 2.2, 0.12
_PHRASE_DEG = (2.5, 1.2, 1.6)  # yaw, pitch, roll
_PHRASE_TAU_S = 0.45
_PHRASE_PAUSE_S = 0.18
_QUIET = 0.35


@dataclass(frozen=True)
class Sway:
    """Degrees (yaw to the avatar's left, pitch downwards, roll to the left shoulder) and the rise of the head, m."""

    yaw: float
    pitch: float
    roll: float
    rise_m: float


class HeadMotion:
    """Told the time, the mood and how loud the avatar's own voice is."""

    def __init__(self, rng: np.random.Generator, liveliness: float) -> None:
        self._rng = rng
        self._liveliness = liveliness
        self._phases = {axis: rng.uniform(0, 2 * pi, 3) for axis in _SWAY_DEG}
        self._breath_phase = float(rng.uniform(0, 2 * pi))
        self._nod_start_s: float | None = None
        self._nod_next_s: float | None = None
        self._nod_size = 1.0
        self._beat = 0.0
        self._phrase_goal = np.zeros(3)
        self._phrase = np.zeros(3)
        self._quiet_since_s: float | None = None
        self._between_phrases = True
        self.phrase_ended = False  # a pause of one's own voice was noticed in the last step

    def step(self, now_s: float, step_s: float, mood: Mood, loudness: float) -> Sway:
        """The pose at `now_s`; loudness 0–1 of what is heard of the avatar now."""
        self._follow_speech(now_s, step_s, loudness)
        breath = sin(2 * pi * _BREATH_HZ * now_s + self._breath_phase)
        pitch = self._wave("pitch", now_s) + self._phrase[1] + _BEAT_DEG * self._beat + self._nod(now_s, mood)
        size = self._liveliness
        return Sway(
            yaw=size * (self._wave("yaw", now_s) + float(self._phrase[0])),
            pitch=size * (float(pitch) - _BREATH_PITCH_DEG * breath),
            roll=size * (self._wave("roll", now_s) + float(self._phrase[2])),
            rise_m=size * _BREATH_RISE_M * breath,
        )

    @property
    def beat(self) -> float:
        """Stress of the voice now, 0–1."""
        return self._beat

    def _wave(self, axis: str, now_s: float) -> float:
        return float(np.dot(_SWAY_DEG[axis], np.sin(2 * pi * _SWAY_HZ * now_s + self._phases[axis])))

    def _nod(self, now_s: float, mood: Mood) -> float:
        if mood is not Mood.LISTENING:
            self._nod_next_s = None
        elif self._nod_next_s is None:
            self._nod_next_s = now_s + float(self._rng.uniform(*_NOD_AFTER_S))
        elif now_s >= self._nod_next_s:
            self._nod_start_s, self._nod_size = now_s, float(self._rng.uniform(0.6, 1.1))
            self._nod_next_s = now_s + float(self._rng.uniform(*_NOD_AFTER_S))
        if self._nod_start_s is None:
            return 0.0
        age_s = now_s - self._nod_start_s
        return self._nod_size * _NOD_DEG * sin(2 * pi * _NOD_HZ * age_s) * exp(-age_s / _NOD_DECAY_S)

    def _follow_speech(self, now_s: float, step_s: float, loudness: float) -> None:
        stress = max(0.0, loudness - 0.55) / 0.45
        self._beat += (stress - self._beat) * (1 - exp(-step_s / _BEAT_TAU_S))
        self.phrase_ended = False
        if loudness >= _QUIET:
            if self._between_phrases:
                self._phrase_goal = self._rng.normal(0, 0.6, 3) * _PHRASE_DEG
            self._quiet_since_s, self._between_phrases = None, False
        else:
            self._be_quiet(now_s)
        self._phrase += (self._phrase_goal - self._phrase) * (1 - exp(-step_s / _PHRASE_TAU_S))

    def _be_quiet(self, now_s: float) -> None:
        self._quiet_since_s = now_s if self._quiet_since_s is None else self._quiet_since_s
        quiet_s = now_s - self._quiet_since_s
        if quiet_s > _PHRASE_PAUSE_S and not self._between_phrases:
            self.phrase_ended = self._between_phrases = True
        if quiet_s > 1.0:
            self._phrase_goal = np.zeros(3)
