"""What LAM Audio2Expression does to its network's weights [T, 52] at 30 frames a second, in its order.

Damping in silence (`smooth_mouth_movements`), a filter over time, left and right made alike, and its viewer's factors.
What it does at the seams of its slices, and where it begins, is lip_track.py's, since a window does not know where it
stands. Its random blinks and brows are the idle layer's business here.
Facts from LAM_Audio2Expression (Apache-2.0), models/utils.py; the code is ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..avatar.model import weight_scales
from ..core.arkit import ARKIT_INDEX, ARKIT_NAMES
from ..core.arrays import F32
from .onnx_settings import LamSettings

#: Savitzky and Golay 1964, table I: five points, a parabola.
SMOOTH = np.array([-3, 12, 17, 12, -3], np.float32) / 35
#: RMS of a frame below which it is silent (full scale 1), and how many such frames are a silence.
SILENT_RMS, SHORTEST_SILENCE = 0.001, 7
#: What is left of the mouth's weights in a silence, and the frames within it over which they come and go.
DAMPED, EDGE = 0.1, 3
#: Frames to either side that damping looks at: a silence's length, and the frame beyond its edge.
DAMPING_REACH = max(SHORTEST_SILENCE - 1, EDGE)
#: A mouth that is to be still: all that is not eyes, brows, cheeks and tongue.
MOUTH = tuple(i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("mouth", "jaw", "noseSneer", "cheekPuff")))
#: Averaged. jawLeft and jawRight too, so that neither has an effect; a gaze to one side is left alone, else it would be
#: lost, as it is in LAM.
_GAZE = ("eyeLookInLeft", "eyeLookOutLeft")
PAIRS = tuple((ARKIT_INDEX[name], ARKIT_INDEX[name.removesuffix("Left") + "Right"])
              for name in ARKIT_NAMES if name.endswith("Left") and name not in _GAZE)  # fmt: skip
EYES = tuple(i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("eyeBlink", "eyeLook")))


def processed(weights: F32, rms: F32, own: LamSettings) -> F32:
    """Weights as the options want them, within 0–1; rms [T] of the sound around each frame, full scale 1."""
    out = np.asarray(weights, np.float32)
    if own.damping:
        out = damped(out, rms)
    if own.smoothing:
        out = smoothed(out)
    if own.symmetry:
        out = symmetric(out)
    if not own.eyes:
        out = out.copy()
        out[:, EYES] = 0.0
    if own.scaling:
        out = out * weight_scales(True)
    return np.clip(out, 0.0, 1.0).astype(np.float32)


def damped(weights: F32, rms: F32) -> F32:
    """The mouth nearly still in silences; over their first and last frames all weights come from, and go to, those of
    the last frame before and the first frame after.
    """
    out = weights.copy()
    for first, last in silences(rms):
        out[first : last + 1, MOUTH] *= DAMPED
        for i in range(EDGE):
            share = (i + 1) / (EDGE + 1)
            if first > 0:
                out[first + i] += (weights[first - 1] - out[first + i]) * (1 - share)
            if last + 1 < len(weights):
                out[last - i] += (weights[last + 1] - out[last - i]) * (1 - share)
    return out


def silences(rms: F32) -> list[tuple[int, int]]:
    """First and last frame of each stretch of at least SHORTEST_SILENCE silent frames."""
    quiet = np.concatenate([[0], (rms < SILENT_RMS).astype(np.int8), [0]])
    edges: NDArray[np.int64] = np.flatnonzero(np.diff(quiet))
    spans = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)
    return [(first, last) for first, last in spans if last - first + 1 >= SHORTEST_SILENCE]


def smoothed(weights: F32) -> F32:
    """Each weight as the parabola through five frames has it; the first and last frame hold beyond."""
    reach = len(SMOOTH) // 2
    padded = np.pad(weights, ((reach, reach), (0, 0)), mode="edge")
    return np.asarray(sum(share * padded[i : i + len(weights)] for i, share in enumerate(SMOOTH)), np.float32)


def symmetric(weights: F32) -> F32:
    """Left and right of each pair at their mean; a gaze to one side is left alone."""
    out = weights.copy()
    left, right = (list(side) for side in zip(*PAIRS, strict=True))
    out[:, left] = out[:, right] = (weights[:, left] + weights[:, right]) / 2
    return out
