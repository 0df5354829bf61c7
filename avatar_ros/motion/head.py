"""Head movements that are not glances: breath, sway, and the beat of one's own speech (a listener's nods: nods.py)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sin

import numpy as np

_BREATH_HZ = 0.24
_BREATH_PITCH_DEG, _BREATH_RISE_M = 0.25, 0.0012
#: Sway: three slow waves an axis, of degrees; their phases are drawn.
_SWAY_HZ = np.array([0.07, 0.13, 0.31])
_SWAY_DEG = {"yaw": (0.7, 0.5, 0.2), "pitch": (0.4, 0.3, 0.15), "roll": (0.5, 0.3, 0.15)}
#: Speech: the head dips with loud syllables, and each phrase begins with a new, small turn and tilt.
_BEAT_DEG, _BEAT_TAU_S = 2.2, 0.12
#: So much later than its loudness is told a beat is seen: the renderer shows this layer 50 ms and half a frame late,
#: and a beat has inertia. Measured: with this lead it falls on its syllable within 10 ms.
STRESS_LEAD_S = 0.1
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
    """Told the time and how loud the avatar's own voice is."""

    def __init__(self, rng: np.random.Generator, liveliness: float) -> None:
        self._rng = rng
        self._liveliness = liveliness
        self._phases = {axis: rng.uniform(0, 2 * pi, 3) for axis in _SWAY_DEG}
        self._breath_phase = float(rng.uniform(0, 2 * pi))
        self._beat = 0.0
        self._phrase_goal = np.zeros(3)
        self._phrase = np.zeros(3)
        self._quiet_since_s: float | None = None
        self._between_phrases = True
        self.phrase_ended = False  # a pause of one's own voice was noticed in the last step

    def step(self, now_s: float, step_s: float, loudness: float, nod: float) -> Sway:
        """The pose at `now_s`; loudness 0–1 of the avatar's voice, STRESS_LEAD_S ahead of what is heard; nod: degrees
        downwards.
        """
        self._follow_speech(now_s, step_s, loudness)
        breath = sin(2 * pi * _BREATH_HZ * now_s + self._breath_phase)
        pitch = self._wave("pitch", now_s) + self._phrase[1] + _BEAT_DEG * self._beat + nod
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
