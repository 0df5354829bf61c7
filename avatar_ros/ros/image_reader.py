"""sensor_msgs/Image as pictures: the newest one, in BGR. Nothing of it is kept or passed on."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import U8

#: Encoding -> channels in the message, and which of them are blue, green, red.
_ORDERS = {
    "bgr8": (3, (0, 1, 2)),
    "rgb8": (3, (2, 1, 0)),
    "bgra8": (4, (0, 1, 2)),
    "rgba8": (4, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
    "8UC3": (3, (0, 1, 2)),
    "8UC1": (1, (0, 0, 0)),
}
_LARGEST_PX = 8192


class ImageError(ValueError):
    """A message that is no picture that can be read."""


def picture_from_msg(msg: Any) -> U8:
    """[height, width, 3], BGR. Raises ImageError: an encoding that is not known, or fewer bytes than it says."""
    if msg.encoding not in _ORDERS:
        raise ImageError(f"encoding '{msg.encoding}' is not one of {', '.join(_ORDERS)}")
    channels, order = _ORDERS[msg.encoding]
    height, width, step = int(msg.height), int(msg.width), int(msg.step)
    if not (0 < height <= _LARGEST_PX and 0 < width <= _LARGEST_PX) or step < width * channels:
        raise ImageError(f"{width}x{height} with rows of {step} bytes is no picture")
    data = np.frombuffer(msg.data, np.uint8)
    if data.size < height * step:
        raise ImageError(f"{data.size} bytes are there, {height * step} should be")
    rows = data[: height * step].reshape(height, step)[:, : width * channels].reshape(height, width, channels)
    return np.ascontiguousarray(rows[:, :, order])
