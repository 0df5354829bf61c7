"""A frame, its background and what lies over it, put together into the panel's own memory.

Turning and colour order are done at the frame's size, then one bilinear enlargement writes straight into the panel.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .background import Background, extended
from .base import U8
from .layout import Box, fit_frame, margins, turned_box, turned_shift, turned_size
from .panel_care import AS_IT_IS, Care
from .sign import Patch

cv2.setNumThreads(1)  # a second thread gains nothing here, and waits whenever the face holds that core

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
KEPT_PATCHES = 64
ALPHA_GRID_PX = 16


class Composer:
    """Draws on panels of one size (width, height as the panel counts them, before any turn).

    swap_red_blue: the panel's bytes are B G R X, as those of X11 and KMSDRM are, instead of R G B X.
    """

    def __init__(
        self, panel: tuple[int, int], rotation: int, fit: str, background: Background, swap_red_blue: bool
    ) -> None:
        self.upright = turned_size(panel, rotation)
        self._panel = panel
        self._rotation = rotation
        self._fit = fit
        self._background = background
        self._swap = swap_red_blue
        self._blurred = not background.own_frame
        self._buffers: tuple[U8, U8] | None = None
        self._still: U8 | None = None  # the panel's picture before it is moved and dimmed
        self._patches: dict[int, tuple[Patch, U8, U8]] = {}
        self._set_backdrop(background.drawn(*self.upright))

    def draw(self, target: U8, rgba: U8, patches: Sequence[Patch] = (), care: Care = AS_IT_IS) -> None:
        """Fill `target` [panel height, panel width, 4] with a frame [h, w, 4] and the patches over it, in order."""
        if care == AS_IT_IS:
            self._draw(target, rgba, patches)
            return
        if self._still is None:
            self._still = np.empty((self._panel[1], self._panel[0], 4), np.uint8)
        self._draw(self._still, rgba, patches)
        right_px, down_px = turned_shift(care.right_px, care.down_px, self._rotation)
        show_moved(self._still, target, right_px, down_px, care.brightness)

    def _draw(self, target: U8, rgba: U8, patches: Sequence[Patch]) -> None:
        if not self._blurred:
            self._blur_own(rgba)
        fit = fit_frame((rgba.shape[1], rgba.shape[0]), self.upright, self._fit)
        box = turned_box(fit.target, self.upright, self._rotation)
        for strip in margins(box, self._panel):
            _part(target, strip)[:] = _part(self._backdrop, strip)
        part, place = _part(rgba, fit.source), _part(target, box)
        if is_transparent(rgba):
            _enlarge(self._over_backdrop(self._native_frame(part), box), place)
        elif self._swap and not self._rotation and part.shape == place.shape:
            _into(place, cv2.cvtColor(part, cv2.COLOR_RGBA2BGRA, dst=place))  # one pass instead of two
        else:
            _enlarge(self._native_frame(part), place)
        for patch in patches:
            self._lay(target, patch)

    def _set_backdrop(self, upright: U8) -> None:
        self._backdrop = self._native(upright)
        self._behind: tuple[tuple[int, ...], Box, U8] | None = None

    def _blur_own(self, rgba: U8) -> None:
        """Make the backdrop of the first frame that comes; moving, it would distract. A clear frame has none."""
        self._blurred = True
        if is_transparent(rgba):
            return
        box = fit_frame((rgba.shape[1], rgba.shape[0]), self.upright, self._fit).target
        self._set_backdrop(extended(rgba, box, self.upright))

    def _native(self, rgba: U8, swapped: U8 | None = None, turned: U8 | None = None) -> U8:
        """Turned, and in the panel's order of colours; into buffers where they are given."""
        if self._swap:
            rgba = cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA, dst=swapped)
        return cv2.rotate(rgba, TURNS[self._rotation], dst=turned) if self._rotation else rgba

    def _native_frame(self, part: U8) -> U8:
        """`_native` into memory that is used again: fresh megabytes for each frame cost more than the work."""
        if self._buffers is None or self._buffers[0].shape != part.shape:
            width, height = turned_size((part.shape[1], part.shape[0]), self._rotation)
            self._buffers = np.empty(part.shape, np.uint8), np.empty((height, width, 4), np.uint8)
        return self._native(part, *self._buffers)

    def _over_backdrop(self, frame: U8, box: Box) -> U8:
        """A premultiplied frame over the part of the backdrop behind it, at the frame's size."""
        if self._behind is None or self._behind[0] != frame.shape or self._behind[1] != box:
            size = (frame.shape[1], frame.shape[0])
            small = cv2.resize(_part(self._backdrop, box), size, interpolation=cv2.INTER_AREA)
            self._behind = (frame.shape, box, small)
        return blend(self._behind[2].copy(), frame, kept_share(frame))

    def _lay(self, target: U8, patch: Patch) -> None:
        if id(patch) not in self._patches:
            if len(self._patches) >= KEPT_PATCHES:
                self._patches.clear()
            native = np.ascontiguousarray(self._native(patch.pixels))
            self._patches[id(patch)] = (patch, native, kept_share(native))
        _, native, keep = self._patches[id(patch)]
        height, width = patch.pixels.shape[:2]
        box = turned_box(Box(patch.x, patch.y, width, height), self.upright, self._rotation)
        x, y = max(0, box.x), max(0, box.y)
        right, bottom = min(box.x + box.width, self._panel[0]), min(box.y + box.height, self._panel[1])
        if right <= x or bottom <= y:
            return
        inside = (slice(y - box.y, bottom - box.y), slice(x - box.x, right - box.x))
        blend(target[y:bottom, x:right], native[inside], keep[inside])


def kept_share(premultiplied: U8) -> U8:
    """What each byte under a premultiplied picture [h, w, 4] keeps, in 255ths."""
    inverse = cv2.bitwise_not(np.ascontiguousarray(premultiplied[:, :, 3]))
    return cv2.merge([inverse] * 4)


def blend(under: U8, over: U8, keep: U8) -> U8:
    """Scale `under` by keep and add: under * keep / 255 + over, in place (all [h, w, 4]); returns `under`."""
    under[:] = cv2.add(cv2.multiply(under, keep, scale=1 / 255), over)
    return under


def show_moved(picture: U8, target: U8, right_px: int, down_px: int, brightness: float) -> None:
    """`picture` into `target` (both [h, w, 4]), moved and dimmed; what comes in at the edges is the edge itself."""
    height, width = picture.shape[:2]
    x, y = min(max(right_px, 1 - width), width - 1), min(max(down_px, 1 - height), height - 1)
    left, right, top, bottom = max(0, x), width + min(0, x), max(0, y), height + min(0, y)
    inner = target[top:bottom, left:right]
    moved = picture[top - y : bottom - y, left - x : right - x]
    if brightness < 1:
        _into(inner, cv2.convertScaleAbs(moved, dst=inner, alpha=brightness))
    else:
        inner[:] = moved
    target[top:bottom, :left] = target[top:bottom, left : left + 1]
    target[top:bottom, right:] = target[top:bottom, right - 1 : right]
    target[:top] = target[top]
    target[bottom:] = target[bottom - 1]


def is_transparent(rgba: U8) -> bool:
    """Whether a frame shows its background, judged on a grid: a whole check costs as much as drawing."""
    return bool(rgba[::ALPHA_GRID_PX, ::ALPHA_GRID_PX, 3].min() < 255)


def _part(picture: U8, box: Box) -> U8:
    return picture[box.y : box.y + box.height, box.x : box.x + box.width]


def _enlarge(frame: U8, target: U8) -> None:
    """Scale `frame` into `target`, which may be a part of a larger picture."""
    size = (target.shape[1], target.shape[0])
    if frame.shape == target.shape:
        target[:] = frame
        return
    smaller = size[0] < frame.shape[1] and size[1] < frame.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    _into(target, cv2.resize(frame, size, dst=target, interpolation=how))


def _into(target: U8, drawn: U8) -> None:
    """Copy what OpenCV drew into memory of its own, where it did not take `target`."""
    if not np.shares_memory(drawn, target):
        target[:] = drawn
