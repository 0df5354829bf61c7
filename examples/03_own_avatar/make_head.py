"""Make a head of Gaussian splats, written as trainers and SuperSplat do: make_head.py head.ply

Stands in for a scan of yours: a round head with eyes, lips, hair and shoulders, in metres, Y up, the face towards +Z.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEAD_M, EYE_RADIUS_M, MOUTH_Y_M = (0.0, 1.65, 0.0), 0.017, 1.597
EYES_M = ((0.033, 1.668, 0.072), (-0.033, 1.668, 0.072))
SKIN, LID, LIPS = (0.85, 0.64, 0.53), (0.78, 0.56, 0.46), (0.72, 0.33, 0.33)
HAIR, SHIRT = (0.25, 0.17, 0.12), (0.16, 0.34, 0.45)
WHITE, IRIS, PUPIL, DARK = (0.95, 0.95, 0.93), (0.25, 0.42, 0.55), (0.04, 0.04, 0.05), (0.20, 0.05, 0.06)
COLUMNS = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
#: A colour is 0.5 + SH_DC * f_dc in such files.
SH_DC = 0.28209479


def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float], count: int) -> Array:
    """Points [count, 3] spread evenly (a Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    y, angle = 1 - 2 * i / count, np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - y * y)
    return np.array(centre) + np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1) * radii


def painted(points: Array, color: tuple[float, float, float], size_m: float) -> Array:
    """Rows [N, 7] of place, colour and size, all of one colour."""
    return np.hstack([points, np.tile([*color, size_m], (len(points), 1))])


def face() -> Array:
    """The skull: skin, hair above and behind, lips, and holes through which the eyeballs look."""
    rows = painted(ellipsoid(HEAD_M, (0.085, 0.115, 0.095), 9000), SKIN, 0.0022)
    x, y, z = rows[:, :3].T
    rows[(y > 1.72 - 0.6 * np.minimum(0.06 - z, 0.06)) | (z < -0.03), 3:6] = HAIR
    front, across = z > 0.04, (x / 0.027) ** 2
    rows[front & (across + ((y - MOUTH_Y_M) / 0.010) ** 2 < 1), 3:6] = LIPS
    eyes = np.min([np.hypot(x - ex, y - ey) for ex, ey, _ in EYES_M], axis=0)
    return rows[~(front & (eyes < 0.8 * EYE_RADIUS_M))]


def eye(centre: tuple[float, float, float]) -> Array:
    """An eyeball with iris and pupil, the lid that lies folded above it, and the brow."""
    rows = painted(ellipsoid(centre, (EYE_RADIUS_M,) * 3, 500), WHITE, 0.0016)
    off = np.hypot(*(rows[:, :2] - centre[:2]).T)
    rows[(rows[:, 2] > centre[2]) & (off < 0.0085), 3:6] = IRIS
    rows[(rows[:, 2] > centre[2]) & (off < 0.0040), 3:6] = PUPIL
    across, fold = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(0, 1, 15))
    places = [across * 0.016, 0.016 - 0.003 * fold, 0.0205 - 0.004 * across**2]
    lid = painted(np.stack(places, 2).reshape(-1, 3) + centre, LID, 0.0014)
    brow = ellipsoid((centre[0], 1.700, 0.079), (0.019, 0.0035, 0.006), 250)
    return np.vstack([rows, lid, painted(brow, HAIR, 0.0016)])


def head() -> Array:
    """All rows [N, 7]."""
    mouth = ellipsoid((0, MOUTH_Y_M - 0.004, 0.058), (0.028, 0.018, 0.012), 500)
    nose = ellipsoid((0, 1.635, 0.096), (0.011, 0.018, 0.012), 350)
    neck = ellipsoid((0, 1.53, -0.01), (0.045, 0.08, 0.045), 1200)
    shoulders = ellipsoid((0, 1.42, -0.01), (0.20, 0.07, 0.09), 3500)
    parts = [face(), painted(mouth, DARK, 0.003), painted(nose, SKIN, 0.002), painted(neck, SKIN, 0.003)]
    return np.vstack([*parts, painted(shoulders, SHIRT, 0.005), *(eye(centre) for centre in EYES_M)])


def ply(rows: Array) -> bytes:
    """Round, nearly solid splats: sizes as logarithms, opacity as a logit, rotation wxyz."""
    table = np.zeros((len(rows), len(COLUMNS)), "<f4")
    table[:, :3], table[:, 3:6] = rows[:, :3], (rows[:, 3:6] - 0.5) / SH_DC
    table[:, 6], table[:, 7:10], table[:, 10] = np.log(0.97 / 0.03), np.log(rows[:, 6:]), 1.0
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}"]
    header += [f"property float {name}" for name in COLUMNS] + ["end_header", ""]
    return "\n".join(header).encode() + table.tobytes()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_head.py FILE.ply")
    made = head()
    try:
        Path(sys.argv[1]).write_bytes(ply(made))
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}")
    print(f"{sys.argv[1]}: {len(made)} splats")
