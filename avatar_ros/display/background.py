"""What stands behind the avatar on the panel: a colour, a picture, or either blurred."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..core.colours import parse_hex_colour
from ..core.errors import ConfigError
from ..core.loading import boundary
from .base import U8
from .layout import Box

BLUR = "blur"
BLUR_SHARE = 0.06  # standard deviation of the blur, of the picture's shorter side
PLAIN = (232, 228, 222)


@dataclass(frozen=True, eq=False)
class Background:
    """picture: RGB [h, w, 3] or None; own_frame: made from the first frame of the avatar, blurred."""

    colour: tuple[int, int, int] = PLAIN
    picture: U8 | None = None
    own_frame: bool = False

    def drawn(self, width: int, height: int) -> U8:
        """RGBA [height, width, 4], the picture covering it all, its middle kept."""
        panel = np.full((height, width, 4), (*self.colour, 255), np.uint8)
        if self.picture is not None:
            panel[:, :, :3] = covering(self.picture, width, height)
        return panel


def parse_panel_background(text: str) -> Background:
    """'#rrggbb', the path of a picture, 'blur' (the avatar's own frame) or 'blur:PATH'. Raises ConfigError."""
    if text == BLUR:
        return Background(own_frame=True)
    if text.startswith("#"):
        if (colour := parse_hex_colour(text)) is None:
            what = f"panel_background is '{text}'; a colour is '#rrggbb', such as '#e8e4de'"
            raise ConfigError("bad_colour", what)
        return Background(colour=colour)
    picture = _picture(text.removeprefix(BLUR + ":"))
    return Background(picture=blurred(picture) if text.startswith(BLUR + ":") else picture)


def blurred(picture: U8) -> U8:
    """A strong blur of [h, w, c], made small (256 px): it is stretched when drawn, and a blur has no detail to lose."""
    zoom = min(1.0, 256 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), max(1.0, BLUR_SHARE * min(small.shape[:2])))


def extended(frame: U8, box: Box, panel: tuple[int, int]) -> U8:
    """A panel (width, height) filled by a frame [h, w, 4] in its `box`, its edges drawn outwards, all of it blurred.

    Beside a sharp frame this goes on in the frame's own colours. RGBA [height, width, 4], opaque.
    """
    zoom = min(1.0, 256 / max(panel))
    across, down = (max(1, round(side * zoom)) for side in (box.width, box.height))
    small = cv2.resize(frame, (across, down), interpolation=cv2.INTER_AREA)
    left, top = round(box.x * zoom), round(box.y * zoom)
    right = max(0, round(panel[0] * zoom) - left - across)
    bottom = max(0, round(panel[1] * zoom) - top - down)
    wide = cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(wide, (0, 0), max(1.0, BLUR_SHARE * min(wide.shape[:2]) / 2))
    soft[:, :, 3] = 255
    return cv2.resize(soft, panel, interpolation=cv2.INTER_LINEAR)


def covering(picture: U8, width: int, height: int) -> U8:
    """`picture` [h, w, 3] scaled to cover width x height, its middle kept: [height, width, 3]."""
    zoom = max(width / picture.shape[1], height / picture.shape[0])
    size = max(width, round(picture.shape[1] * zoom)), max(height, round(picture.shape[0] * zoom))
    big = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return big[y : y + height, x : x + width]


def _picture(path: str) -> U8:
    if not Path(path).is_file():
        raise ConfigError(
            "no_background",
            f"panel_background '{path}' is no file; give '#rrggbb', a picture's path, 'blur' or 'blur:PATH'",
        )
    with boundary(f"panel_background '{path}'", ConfigError, "bad_background", "give a PNG or JPEG"):
        picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        text = f"panel_background '{path}' is no picture that OpenCV reads; give a PNG or JPEG"
        raise ConfigError("bad_background", text)
    return np.ascontiguousarray(picture[:, :, ::-1])
