"""What light an avatar seems to have been photographed in, by the whites of its eyes: they are grey whoever it is.

Skin says little: how light and how warm it is differs from person to person more than from lamp to lamp.
"""

from __future__ import annotations

import math

import numpy as np

from .light import EXPOSURE_EV, F64, LUMINANCE, NEUTRAL_K, TEMPERATURE_K, TINT, Light, to_linear, white_balance
from .model import Avatar

SIDEWAYS = ("eyeLookInLeft", "eyeLookOutLeft", "eyeLookInRight", "eyeLookOutRight")
MOVES = 0.3  # of the farthest such movement: the eyeballs, not the lids
SEEN_OPACITY = 0.3
WHITES = (85, 97)  # percentiles of the eyeballs' luminance: above iris and lash, below the lamp's reflection
FEWEST = 8
#: Linear luminance that whites of eyes have in a picture that is not dark; from how many stops below it, and from which
#: ratio of red to blue (in powers of two) something is said. Heads in good light measure 0.2 and 0.55 at most. What is
#: burnt out cannot be brought back.
USUAL_LUMINANCE = 0.52
SAY_EV, SAY_CAST = 0.8, 0.8


def whites(avatar: Avatar) -> F64 | None:
    """Mean colour [3] of the whites of its eyes, linear sRGB; None where it has no eyes that look aside."""
    reach = np.zeros(avatar.splats, np.float32)
    for number, name in enumerate(avatar.morphs.names):
        if name in SIDEWAYS:
            indices, deltas = avatar.morphs.part(number)
            reach[indices] = np.maximum(reach[indices], np.abs(deltas[:, 0]))
    eyes = (reach > MOVES * reach.max(initial=0)) & (avatar.opacities > SEEN_OPACITY)
    if eyes.sum() < FEWEST:
        return None
    linear = to_linear(avatar.colors[eyes].astype(np.float64))
    luminance = linear @ LUMINANCE
    low, high = np.percentile(luminance, WHITES)
    return np.asarray(linear[(luminance >= low) & (luminance <= high)].mean(axis=0), np.float64)


def proposed(avatar: Avatar) -> Light | None:
    """The light that makes those whites grey and no darker than usual; None where they nearly are, or are not there."""
    white = whites(avatar)
    if white is None or white.min() < 1e-4:
        return None
    cast = abs(math.log2(white[0] / white[2]))
    temperature_k, tint = (NEUTRAL_K, 0.0) if cast < SAY_CAST else _white_point(white)
    stops = math.log2(USUAL_LUMINANCE / float(LUMINANCE @ white_balance(temperature_k, tint) @ white))
    if stops < SAY_EV and cast < SAY_CAST:
        return None
    return Light(
        exposure_ev=round(float(np.clip(stops, *EXPOSURE_EV)), 1) if stops >= SAY_EV else 0.0,
        temperature_k=float(np.clip(round(temperature_k, -2), *TEMPERATURE_K)),
        tint=float(np.clip(5 * round(tint / 5), *TINT)),
    )


def _white_point(white: F64) -> tuple[float, float]:
    """Temperature (K) at which red is as blue, by bisection over 1 / K, then the tint at which green is as both."""
    warm, cool = 1 / TEMPERATURE_K[0], 1 / TEMPERATURE_K[1]
    for _ in range(40):
        middle = (warm + cool) / 2
        red, _green, blue = white_balance(1 / middle) @ white
        warm, cool = (warm, middle) if red > blue else (middle, cool)
    kelvin = 2 / (warm + cool)
    red, green, blue = white_balance(kelvin) @ white
    return kelvin, 100 * math.log2(2 * green / (red + blue))
