"""Facial expressions by their hri_msgs names, and their coming and going."""

from __future__ import annotations

from math import exp

import numpy as np

from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX
from ..core.arrays import F32

#: Names of hri_msgs/Expression. Shapes are written once for both sides of the face ("mouthSmile" is left and right).
EMOTIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "happy": {"mouthSmile": 0.45, "cheekSquint": 0.35, "eyeSquint": 0.15, "browOuterUp": 0.08},
    "excited": {"mouthSmile": 0.50, "cheekSquint": 0.30, "browInnerUp": 0.25, "browOuterUp": 0.30, "eyeWide": 0.20},
    "amazed": {"browInnerUp": 0.50, "browOuterUp": 0.45, "eyeWide": 0.40, "mouthSmile": 0.20},
    "surprised": {"browInnerUp": 0.55, "browOuterUp": 0.50, "eyeWide": 0.45},
    "sad": {"browInnerUp": 0.55, "mouthFrown": 0.35, "eyeSquint": 0.12, "browDown": 0.08},
    "disappointed": {"browInnerUp": 0.35, "mouthFrown": 0.30, "mouthPress": 0.10},
    "despaired": {"browInnerUp": 0.70, "mouthFrown": 0.40, "eyeSquint": 0.20},
    "rejected": {"browInnerUp": 0.45, "mouthFrown": 0.25, "eyeSquint": 0.10},
    "vulnerable": {"browInnerUp": 0.50, "eyeWide": 0.10, "mouthFrown": 0.12},
    "pleading": {"browInnerUp": 0.65, "eyeWide": 0.20, "mouthFrown": 0.10},
    "guilty": {"browInnerUp": 0.40, "mouthFrown": 0.18, "mouthPress": 0.15},
    "embarrassed": {"browInnerUp": 0.35, "mouthSmile": 0.20, "cheekSquint": 0.20, "mouthPress": 0.12},
    "angry": {"browDown": 0.60, "noseSneer": 0.25, "mouthPress": 0.15, "eyeSquint": 0.25, "mouthFrown": 0.15},
    "furious": {"browDown": 0.80, "noseSneer": 0.45, "mouthFrown": 0.25, "eyeSquint": 0.30},
    "annoyed": {"browDown": 0.40, "mouthPress": 0.15, "eyeSquint": 0.20},
    "disgusted": {"noseSneer": 0.55, "browDown": 0.35, "mouthFrown": 0.20, "cheekSquint": 0.20},
    "scared": {"browInnerUp": 0.60, "eyeWide": 0.50, "mouthStretch": 0.15},
    "horrified": {"browInnerUp": 0.70, "eyeWide": 0.65, "mouthStretch": 0.25},
    "skeptical": {"browDownLeft": 0.35, "browOuterUpRight": 0.40, "mouthPress": 0.12, "eyeSquint": 0.15},
    "suspicious": {"browDown": 0.30, "eyeSquint": 0.35, "mouthPress": 0.12},
    "confused": {"browDownLeft": 0.25, "browInnerUp": 0.25, "browOuterUpRight": 0.25, "eyeSquint": 0.12},
    "bored": {"eyeBlink": 0.20, "mouthFrown": 0.10},
    "tired": {"eyeBlink": 0.30, "browInnerUp": 0.15, "mouthFrown": 0.10},
    "asleep": {"eyeBlink": 1.0},
}
_RISE_TAU_S, _FALL_TAU_S = 0.18, 0.45


def emotion_weights(name: str) -> F32 | None:
    """Weights [52] of an expression; None: unknown."""
    shapes = EMOTIONS.get(name)
    if shapes is None:
        return None
    out = np.zeros(ARKIT_COUNT, np.float32)
    for shape, value in shapes.items():
        for full in (shape, f"{shape}Left", f"{shape}Right"):
            if full in ARKIT_INDEX:
                out[ARKIT_INDEX[full]] = value
    return out


class Emotion:
    """Fades from one expression to the next: comes within half a second, goes within a second."""

    def __init__(self) -> None:
        self._goal = np.zeros(ARKIT_COUNT, np.float32)
        self._now = np.zeros(ARKIT_COUNT, np.float32)

    def fade_to(self, name: str) -> None:
        """From now on show `name`; "" and names that nobody knows are neutral."""
        weights = emotion_weights(name)
        self._goal = weights if weights is not None else np.zeros(ARKIT_COUNT, np.float32)

    def step(self, step_s: float) -> F32:
        """Weights [52], `step_s` after the last call."""
        rise, fall = 1 - exp(-step_s / _RISE_TAU_S), 1 - exp(-step_s / _FALL_TAU_S)
        share = np.where(self._goal > self._now, rise, fall).astype(np.float32)
        self._now = self._now + (self._goal - self._now) * share
        return self._now
