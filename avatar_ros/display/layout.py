"""Where things go on a panel: pure geometry in whole pixels."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle, px: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int


class Fit(NamedTuple):
    """Which part of the frame goes where on the upright panel."""

    source: Box
    target: Box


def fit_frame(frame: tuple[int, int], panel: tuple[int, int], mode: str) -> Fit:
    """How a frame (width, height) meets a panel (width, height).

    contain: the whole frame, as large as it can be, standing on the panel's lower edge (a bust must not float);
    cover: the panel filled, the frame cropped evenly left and right, and at its lower edge (never the hair).
    """
    across, down = panel[0] / frame[0], panel[1] / frame[1]
    if mode == "contain":
        zoom = min(across, down)
        width, height = min(panel[0], round(frame[0] * zoom)), min(panel[1], round(frame[1] * zoom))
        return Fit(Box(0, 0, *frame), Box((panel[0] - width) // 2, panel[1] - height, width, height))
    zoom = max(across, down)
    width, height = min(frame[0], round(panel[0] / zoom)), min(frame[1], round(panel[1] / zoom))
    return Fit(Box((frame[0] - width) // 2, 0, width, height), Box(0, 0, *panel))


def turned_size(size: tuple[int, int], rotation: int) -> tuple[int, int]:
    """Width and height after a quarter turn or none; its own inverse."""
    return (size[1], size[0]) if rotation in (90, 270) else size


def turned_box(box: Box, upright: tuple[int, int], rotation: int) -> Box:
    """A box of the upright picture (width, height) as a box of the panel, the picture turned clockwise."""
    x, y, width, height = box
    if rotation == 90:
        return Box(upright[1] - y - height, x, height, width)
    if rotation == 180:
        return Box(upright[0] - x - width, upright[1] - y - height, width, height)
    if rotation == 270:
        return Box(y, upright[0] - x - width, height, width)
    return box


def turned_shift(right_px: int, down_px: int, rotation: int) -> tuple[int, int]:
    """A movement of the upright picture as one of the panel's, the picture turned clockwise."""
    return {90: (-down_px, right_px), 180: (-right_px, -down_px), 270: (down_px, -right_px)}.get(
        rotation, (right_px, down_px)
    )


def margins(box: Box, panel: tuple[int, int]) -> list[Box]:
    """What `box` leaves of the panel (width, height): up to four boxes that do not overlap."""
    right, bottom = box.x + box.width, box.y + box.height
    strips = [
        Box(0, 0, panel[0], box.y),
        Box(0, bottom, panel[0], panel[1] - bottom),
        Box(0, box.y, box.x, box.height),
        Box(right, box.y, panel[0] - right, box.height),
    ]
    return [strip for strip in strips if strip.width > 0 and strip.height > 0]
