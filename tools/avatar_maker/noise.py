"""Smooth noise in space: what no two square millimetres of skin or cloth have alike."""

from __future__ import annotations

import numpy as np

from .sdf import Array, unit


def noise(p: Array, size_mm: float, seed: int, waves: int = 14) -> Array:
    """Values [N] of mean 0 and standard deviation 1 that change over about `size_mm`: plane waves of random ways."""
    rng = np.random.default_rng(seed)
    ways = unit(rng.normal(size=(waves, 3))) * 2 * np.pi / (size_mm * rng.uniform(1.2, 2.8, (waves, 1)))
    return np.cos(p @ ways.T + rng.uniform(0, 2 * np.pi, waves)).sum(axis=1) * np.sqrt(2 / waves)
