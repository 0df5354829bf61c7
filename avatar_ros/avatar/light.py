"""Another light upon an avatar: exposure and white balance of its colours, worked out once, splat by splat.

Splats are blended by shares that no light changes, so another colour of each splat is another light on the picture, and
costs nothing a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32

NEUTRAL_K = 6500.0
#: Bounds of a light: exposure, stops; temperature, K; tint.
EXPOSURE_EV, TEMPERATURE_K, TINT = (-3.0, 3.0), (2000.0, 20000.0), (-100.0, 100.0)
#: Linear sRGB to CIE XYZ (IEC 61966-2-1), and XYZ to the cones' responses (Bradford; Lam 1985).
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
LUMINANCE = _XYZ[1]
F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Light:
    """As photographers' programs name it.

    exposure_ev: stops brighter; temperature_k: of the light in which the picture was taken, 6500 K is daylight: a face
    that looks orange was taken at 3000 K, say so and it is no longer; tint: -100 (greener) to 100 (more magenta).
    """

    exposure_ev: float = 0.0
    temperature_k: float = NEUTRAL_K
    tint: float = 0.0


NO_LIGHT = Light()


def lit(colors: F32, light: Light) -> F32:
    """Colours [N, 3] of sRGB 0-1 in that light; clipped to 0-1. The same array where nothing changes."""
    if light == NO_LIGHT:
        return colors
    linear = to_linear(colors.astype(np.float64)) @ white_balance(light.temperature_k, light.tint).T
    return to_srgb(np.clip(linear * 2.0**light.exposure_ev, 0, 1)).astype(np.float32)


def white_balance(temperature_k: float, tint: float = 0.0) -> F64:
    """[3, 3] for linear sRGB: from a white of that temperature and tint to daylight; a grey keeps its luminance."""
    rgb_to_cones = _CONES @ _XYZ
    source, target = (_CONES @ _white(kelvin) for kelvin in (temperature_k, NEUTRAL_K))
    balance = np.linalg.inv(rgb_to_cones) @ np.diag(target / source) @ rgb_to_cones
    balance = np.diag([1.0, 2.0 ** (-tint / 100), 1.0]) @ balance
    grey = float(LUMINANCE @ balance @ np.ones(3))
    return np.asarray(balance / grey, np.float64)


def _white(kelvin: float) -> F64:
    """XYZ of a black body, Y 1, 1667-25000 K: Kim et al., "Advanced color temperature control system" (2002)."""
    t = 1e3 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return np.array([x / y, 1.0, (1 - x - y) / y])


def to_linear(srgb: F64) -> F64:
    """IEC 61966-2-1, 0-1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: F64) -> F64:
    """The inverse of `to_linear`."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-12) ** (1 / 2.4) - 0.055)
