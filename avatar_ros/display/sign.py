"""The small sign of the conversation's state: a ring that breathes while listening, three dots while thinking.

Drawn with distance functions, so its edges are smooth at any size. Pure NumPy; 24 pictures a cycle, each drawn once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi

import numpy as np
from numpy.typing import NDArray

from ..core.enums import AgentState

PHASES = 24
PERIOD_S = {AgentState.LISTENING: 1.8, AgentState.THINKING: 1.2}
COLOUR = {AgentState.LISTENING: (64, 178, 120), AgentState.THINKING: (96, 110, 130)}
OUTLINE = (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Patch:
    """A picture to lay over the frame: RGBA uint8 [h, w, 4], premultiplied, its upper left corner at x, y (upright)."""

    pixels: NDArray[np.uint8]
    x: int
    y: int


def sign_phase(state: AgentState, at_s: float) -> int | None:
    """Which picture of the cycle is due, 0 to PHASES - 1; None where the state has no sign."""
    period_s = PERIOD_S.get(state)
    return None if period_s is None else int(at_s / period_s * PHASES) % PHASES


@lru_cache(maxsize=4 * PHASES)
def sign_patch(state: AgentState, phase: int, panel: tuple[int, int]) -> Patch:
    """The sign for an upright panel (width, height): in the middle, close to the lower edge."""
    size = max(16, round(0.06 * min(panel)))
    pixels = listening_ring(size, phase) if state is AgentState.LISTENING else thinking_dots(size, phase)
    height, width = pixels.shape[:2]
    return Patch(pixels, (panel[0] - width) // 2, panel[1] - height - sign_margin(panel))


def sign_margin(panel: tuple[int, int]) -> int:
    """Free pixels between the sign and the lower edge."""
    return round(0.02 * panel[1])


def listening_ring(size: int, phase: int) -> NDArray[np.uint8]:
    """A dot in a ring that grows and fades softly: [size, size, 4] premultiplied."""
    swell = 0.5 - 0.5 * cos(2 * pi * phase / PHASES)
    distance = _distances(size, size, [(size / 2, size / 2)])[0]
    dot = _coverage(distance - 0.20 * size)
    radius, thickness = (0.28 + 0.14 * swell) * size, max(1.0, 0.05 * size)
    ring = _coverage(np.abs(distance - radius) - thickness / 2) * (0.9 - 0.55 * swell)
    halo = _coverage(distance - 0.20 * size - max(1.0, 0.03 * size))
    return _painted(
        [(halo, OUTLINE, 0.7), (ring, COLOUR[AgentState.LISTENING], 1.0), (dot, COLOUR[AgentState.LISTENING], 1.0)]
    )


def thinking_dots(size: int, phase: int) -> NDArray[np.uint8]:
    """Three dots that rise one after the other: [size, 2 * size, 4] premultiplied."""
    layers = []
    for number in range(3):
        lift = max(0.0, cos(2 * pi * (phase / PHASES - number / 6)))
        centre = ((0.45 + 0.55 * number) * size, (0.62 - 0.22 * lift) * size)
        distance = _distances(2 * size, size, [centre])[0]
        halo = _coverage(distance - 0.16 * size - max(1.0, 0.03 * size))
        layers += [
            (halo, OUTLINE, 0.7),
            (_coverage(distance - 0.16 * size), COLOUR[AgentState.THINKING], 0.55 + 0.45 * lift),
        ]
    return _painted(layers)


def rounded_box(width: int, height: int, radius: float, colour: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """A box of one colour (RGBA, 0–255) with smooth round corners: [height, width, 4] premultiplied."""
    across = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2) - (width / 2 - radius)
    down = (np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2) - (height / 2 - radius))[:, None]
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    distance = outside + np.minimum(np.maximum(across, down), 0) - radius
    return _painted([(_coverage(distance), colour[:3], colour[3] / 255)])


def over(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One premultiplied picture [h, w, 4] over another."""
    kept = 1 - upper[:, :, 3:].astype(np.float32) / 255
    return np.round(upper + lower * kept).astype(np.uint8)


def _distances(width: int, height: int, centres: list[tuple[float, float]]) -> list[NDArray[np.float32]]:
    x = np.arange(width, dtype=np.float32) + 0.5
    y = np.arange(height, dtype=np.float32)[:, None] + 0.5
    return [np.hypot(x - cx, y - cy) for cx, cy in centres]


def _coverage(signed_distance: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of the pixel that lies inside (negative distance, px)."""
    return np.clip(0.5 - signed_distance, 0.0, 1.0)


def _painted(layers: list[tuple[NDArray[np.float32], tuple[int, int, int], float]]) -> NDArray[np.uint8]:
    """Layers (coverage, colour 0–255, opacity) one over the other, as premultiplied RGBA."""
    picture = np.zeros((*layers[0][0].shape, 4), np.float32)
    for coverage, colour, opacity in layers:
        alpha = (coverage * opacity)[:, :, None]
        picture = picture * (1 - alpha) + alpha * np.array([*colour, 255], np.float32)
    return np.round(picture).astype(np.uint8)
