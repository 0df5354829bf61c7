"""What stands behind the avatar on the panel: the words of `background`, or the avatar's own frame, blurred."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..core.backdrop_picture import BLUR_SHARE, BLURRED_PX, painted, read_picture
from ..core.backdrop_words import PLAIN, Backdrop, parse_backdrop
from ..core.errors import ConfigError
from ..core.gradients import as_bytes
from .base import U8
from .layout import Box

BLUR = "blur"
NAME = "panel_background"


@dataclass(frozen=True, eq=False)
class Background:
    """own_frame: made from the first frame of the avatar, blurred; `backdrop` until then and behind clear ones."""

    backdrop: Backdrop = Backdrop("colour", (PLAIN,))  # noqa: RUF009 — frozen
    own_frame: bool = False

    def drawn(self, width: int, height: int) -> U8:
        """RGBA [height, width, 4]; a picture covers it all, its middle kept."""
        panel = np.full((height, width, 4), 255, np.uint8)
        panel[:, :, :3] = as_bytes(painted(cv2, self.backdrop, width, height, NAME))
        return panel


def parse_panel_background(text: str) -> Background:
    """'blur' (the avatar's own frame) or the words of core/backdrop_words.py but transparent. Raises ConfigError."""
    if text == BLUR:
        return Background(own_frame=True)
    backdrop = parse_backdrop(text, NAME)
    if backdrop.kind == "transparent":
        raise ConfigError("bad_colour", f"{NAME} is '{text}', but nothing lies behind a panel; give another word")
    if backdrop.kind == "picture":
        read_picture(cv2, backdrop.path, NAME)  # known now, not with the first frame
    return Background(backdrop)


def extended(frame: U8, box: Box, panel: tuple[int, int]) -> U8:
    """A panel (width, height) filled by a frame [h, w, 4] in its `box`, its edges drawn outwards, all of it blurred.

    Beside a sharp frame this goes on in the frame's own colours. RGBA [height, width, 4], opaque.
    """
    zoom = min(1.0, BLURRED_PX / max(panel))
    across, down = (max(1, round(side * zoom)) for side in (box.width, box.height))
    small = cv2.resize(frame, (across, down), interpolation=cv2.INTER_AREA)
    left, top = round(box.x * zoom), round(box.y * zoom)
    right = max(0, round(panel[0] * zoom) - left - across)
    bottom = max(0, round(panel[1] * zoom) - top - down)
    wide = cv2.copyMakeBorder(small, top, bottom, left, right, cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(wide, (0, 0), max(1.0, BLUR_SHARE * min(wide.shape[:2]) / 2))
    soft[:, :, 3] = 255
    return cv2.resize(soft, panel, interpolation=cv2.INTER_LINEAR)
