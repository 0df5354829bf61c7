"""The button for push-to-talk and tap-to-talk: a microphone in a disc, at the lower right corner. Pure NumPy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .layout import Box, turned_box
from .sign import Patch, over, rounded_box

#: Diameter, of the panel's shorter side: wide enough for a thumb on a panel of 30 cm.
_SIZE, _LEAST_PX = 0.14, 48
_MARGIN = 0.04
_DISC = {False: (96, 110, 130, 220), True: (200, 64, 64, 235)}
_MARK = (255, 255, 255, 255)


class TalkButton:
    """Where the button is, and whether it is held: by a finger or the mouse on it, or by the key."""

    def __init__(self) -> None:
        self._holders: set[str] = set()

    @property
    def pressed(self) -> bool:
        """Whether something holds it down."""
        return bool(self._holders)

    def hold(self, by: str) -> list[bool]:
        """Something presses it; the presses that are to be told."""
        began = not self._holders
        self._holders.add(by)
        return [True] if began else []

    def release(self, by: str = "") -> list[bool]:
        """It lets go ("": everything does); the releases that are to be told."""
        was = bool(self._holders)
        self._holders = self._holders - {by} if by else set()
        return [False] if was and not self._holders else []


def button_box(panel: tuple[int, int]) -> Box:
    """Its place on the upright panel (width, height), px."""
    side = max(_LEAST_PX, round(_SIZE * min(panel)))
    margin = round(_MARGIN * min(panel))
    return Box(panel[0] - side - margin, panel[1] - side - margin, side, side)


def hits(point: tuple[int, int], upright: tuple[int, int], rotation: int) -> bool:
    """Whether a point of the panel, px, lies on it. upright: width and height of the upright panel."""
    box = turned_box(button_box(upright), upright, rotation)
    return box.x <= point[0] < box.x + box.width and box.y <= point[1] < box.y + box.height


@lru_cache(maxsize=8)
def button_patch(panel: tuple[int, int], pressed: bool) -> Patch:
    """Its picture for an upright panel; red while it is pressed."""
    box = button_box(panel)
    disc = rounded_box(box.width, box.height, box.width / 2, _DISC[pressed])
    return Patch(over(_microphone(box.width), disc), box.x, box.y)


def _microphone(size: int) -> NDArray[np.uint8]:
    """[size, size, 4] premultiplied: a capsule, the bow below it, its stem and foot."""
    picture = np.zeros((size, size, 4), np.uint8)
    for across, down, width, height in ((0.40, 0.20, 0.20, 0.36), (0.475, 0.64, 0.05, 0.14), (0.38, 0.76, 0.24, 0.05)):
        wide, high = max(1, round(width * size)), max(1, round(height * size))
        left, top = round(across * size), round(down * size)
        picture[top : top + high, left : left + wide] = rounded_box(wide, high, min(wide, high) / 2, _MARK)
    y, x = np.mgrid[:size, :size] + 0.5
    distance = np.abs(np.hypot(x - 0.5 * size, y - 0.46 * size) - 0.19 * size) - 0.025 * size
    bow = np.where(y > 0.46 * size, np.clip(0.5 - distance, 0.0, 1.0), 0.0)
    return over(np.round(bow[..., None] * np.array(_MARK)).astype(np.uint8), picture)
