"""Cameras for avatars."""

from __future__ import annotations

from ..avatar.framing import frame_head
from ..avatar.model import Avatar
from .base import Camera


def portrait_camera(avatar: Avatar, width: int, height: int) -> Camera:
    """A camera that shows head and shoulders, for any size of picture in pixels."""
    framing = frame_head(avatar, width / height)
    return Camera.look_at(framing.position, framing.target, framing.fov_y_deg, width, height)
