"""What direction_finder.py computes, slowly and plainly: each direction's phases, bin by bin."""

from __future__ import annotations

from cmath import exp
from math import pi

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F64
from .direction_finder import SteeringGrid


def steered_power_reference(cross: NDArray[np.complex128], frequencies: F64, grid: SteeringGrid) -> F64:
    """[heights, directions] from the pairs' weighted cross spectra [pairs, bins] at `frequencies` [bins], Hz."""
    heights, directions, pairs = grid.delays.shape
    power = np.zeros((heights, directions))
    for height in range(heights):
        for direction in range(directions):
            for pair in range(pairs):
                delay_s = grid.delays[height, direction, pair]
                for value, frequency in zip(cross[pair], frequencies, strict=True):
                    power[height, direction] += (value * exp(2j * pi * frequency * delay_s)).real
    return power
