"""A mouth's articulatory parameters as ARKit weights: the one place that knows which blend shapes make a mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX
from ..core.arrays import F32

#: The jaw keeps this share of its opening behind closed lips: it never stops for a /b/.
_JAW_BEHIND_LIPS = 0.45
_MAX_JAW = 0.75
#: The lower lip's edge at that of the upper teeth, the upper lip off them (./avatar bench labiodental). Nothing of the
#: vowels around it is kept: a little of them parts lip and teeth.
_LABIODENTAL = {
    "jawOpen": 0.02, "mouthRollLower": 0.55, "mouthShrugUpper": 0.30, "mouthUpperUpLeft": 0.48,
    "mouthUpperUpRight": 0.48,
}  # fmt: skip


def _weights(named: Mapping[str, float]) -> F32:
    out = np.zeros(ARKIT_COUNT, np.float32)
    for name, value in named.items():
        out[ARKIT_INDEX[name]] = value
    return out


_BITE = _weights(_LABIODENTAL)


@dataclass(frozen=True)
class Mouth:
    """parameters: name -> [T], 0–1 (motion/articulation.py); size [T] of movements, 1 normal.

    closure, bite [T] 0–1: lips shut, the lower one at the upper teeth; together at most 1.
    """

    parameters: Mapping[str, F32]
    closure: F32
    bite: F32
    size: F32

    @classmethod
    def rest(cls, frames: int) -> Mouth:
        """A mouth that does nothing."""
        still = np.zeros(frames, np.float32)
        return cls({}, still, still, np.ones(frames, np.float32))

    def __getitem__(self, name: str) -> F32:
        return self.parameters.get(name, np.zeros_like(self.closure))


def weights_from_mouth(mouth: Mouth) -> F32:
    """Weights [T, 52], 0–1, of mouth, jaw, cheeks and tongue.

    Closed lips are jawOpen and mouthClose in equal amounts (docs/conventions.md); whatever else parts the lips is
    taken back by the closure, so the gap is that of the rest pose.
    """
    open_lips = 1 - mouth.closure
    size = np.sqrt(mouth.size)  # lip shapes vary less with loudness than the jaw does
    jaw = np.clip(mouth["jaw"] * mouth.size, 0, _MAX_JAW)
    jaw = jaw * (open_lips + _JAW_BEHIND_LIPS * mouth.closure)
    rounding, funnel = mouth["round"] * size, mouth["funnel"] * size
    # Puckered lips of an ARKit face are parted; people's nearly touch, so the lips are drawn together again.
    together = np.minimum(jaw, 0.07 * rounding + 0.03 * funnel) * open_lips
    shapes = {
        "jawOpen": jaw,
        "mouthClose": jaw * mouth.closure + together,
        "mouthPucker": rounding * (0.40 + 0.45 * open_lips),
        "mouthFunnel": funnel * 0.6 * open_lips,
        "mouthRollLower": 0.12 * mouth.closure,
        "mouthRollUpper": 0.10 * mouth.closure,
        "tongueOut": 0.35 * mouth["tongue"] * open_lips,
        "cheekPuff": 0.05 * mouth.closure,
    }
    sides = {
        "mouthPress": 0.25 * mouth.closure,
        "mouthStretch": 0.50 * mouth["spread"] * size * open_lips,
        "mouthSmile": 0.35 * mouth["spread"] * size,
        "mouthUpperUp": 0.7 * mouth["upper"] * size * open_lips,
        "mouthLowerDown": 0.8 * mouth["lower"] * size * open_lips,
    }
    for name, value in sides.items():
        shapes[f"{name}Left"] = shapes[f"{name}Right"] = value
    out = np.zeros((len(mouth.closure), ARKIT_COUNT), np.float32)
    for name, value in shapes.items():
        out[:, ARKIT_INDEX[name]] = value
    out += (_BITE - out) * mouth.bite[:, None]
    return np.clip(out, 0, 1, out=out)
