"""A few seconds of expression that come with the avatar (bsData.json): blinks, a smile, a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from avatar_ros.core.arkit import ARKIT_NAMES

FPS = 30.0


def sample_expression(seconds: float = 4.0) -> dict[str, Any]:
    """In LAM's form: names, metadata, frames with 52 weights."""
    times = np.arange(int(seconds * FPS)) / FPS
    tracks = {
        "eyeBlinkLeft": _bump(times, 0.8, 0.09) + _bump(times, 3.1, 0.09),
        "jawOpen": 0.30 * _bump(times, 1.5, 0.12) + 0.22 * _bump(times, 1.95, 0.12),
        "mouthFunnel": 0.35 * _bump(times, 1.95, 0.14),
        "mouthSmileLeft": 0.6 * _bump(times, 2.8, 0.5),
        "browInnerUp": 0.3 * _bump(times, 1.5, 0.3),
    }
    tracks["eyeBlinkRight"], tracks["mouthSmileRight"] = tracks["eyeBlinkLeft"], tracks["mouthSmileLeft"]
    table = np.zeros((len(times), len(ARKIT_NAMES)))
    for name, values in tracks.items():
        table[:, ARKIT_NAMES.index(name)] = np.clip(values, 0, 1)
    frames = [{"weights": [round(float(w), 4) for w in row], "time": round(float(t), 4), "rotation": []}
              for row, t in zip(table, times, strict=True)]
    metadata = {"fps": FPS, "frame_count": len(frames), "blendshape_names": list(ARKIT_NAMES)}
    return {"names": list(ARKIT_NAMES), "metadata": metadata, "frames": frames}


def _bump(times: np.ndarray, middle_s: float, width_s: float) -> np.ndarray:
    return np.exp(-(((times - middle_s) / width_s) ** 2))
