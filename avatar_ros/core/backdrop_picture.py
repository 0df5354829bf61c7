"""Backdrops as pictures. `core` imports no OpenCV: the module comes in as an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .arrays import F32, U8
from .backdrop_words import BLUR, WORDS, Backdrop
from .errors import ConfigError
from .gradients import studio, vertical
from .loading import boundary

BLUR_SHARE = 0.06  # standard deviation of a blur, of the picture's shorter side
BLURRED_PX = 256  # longer side at which pictures are blurred: a blur has no detail to lose


def painted(cv2: Any, backdrop: Backdrop, width: int, height: int, name: str = "background") -> F32:
    """What stands behind, float32 [height, width, 3] of 0-255; not for a transparent one.

    name: of the parameter, for messages. Raises ConfigError for a picture that cannot be read.
    """
    if backdrop.kind == "picture":
        picture = read_picture(cv2, backdrop.path, name)
        return covering(cv2, blurred(cv2, picture) if backdrop.blurred else picture, width, height).astype(np.float32)
    if backdrop.kind == "gradient":
        top, bottom = backdrop.colours
        return vertical(top, bottom, width, height)
    if backdrop.kind == "studio":
        return studio(backdrop.colours[0], width, height)
    return np.full((height, width, 3), backdrop.colours[0], np.float32)


def blurred(cv2: Any, picture: U8) -> U8:
    """A strong blur of [h, w, c], made small: it is stretched when drawn."""
    zoom = min(1.0, BLURRED_PX / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    soft: U8 = cv2.GaussianBlur(small, (0, 0), max(1.0, BLUR_SHARE * min(small.shape[:2])))
    return soft


def covering(cv2: Any, picture: U8, width: int, height: int) -> U8:
    """`picture` [h, w, 3] scaled to cover width x height, its middle kept: [height, width, 3]."""
    zoom = max(width / picture.shape[1], height / picture.shape[0])
    size = max(width, round(picture.shape[1] * zoom)), max(height, round(picture.shape[0] * zoom))
    big: U8 = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return big[y : y + height, x : x + width]


def check_file(path: str, name: str = "background") -> None:
    """Raises ConfigError naming parameter and file where there is none."""
    if not Path(path).is_file():
        raise ConfigError("no_background", f"{name} '{path}' is no file; give one, {BLUR}FILE, or {WORDS}")


def read_picture(cv2: Any, path: str, name: str) -> U8:
    """RGB [h, w, 3] of a PNG or JPEG. Raises ConfigError naming parameter and file."""
    check_file(path, name)
    with boundary(f"{name} '{path}'", ConfigError, "bad_background", "give a PNG or JPEG"):
        picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        text = f"{name} '{path}' is no picture that OpenCV reads; give a PNG or JPEG"
        raise ConfigError("bad_background", text)
    return np.ascontiguousarray(picture[:, :, ::-1])
