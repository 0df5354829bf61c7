"""Choosing a rasteriser: `auto` takes the graphics card where it works, else the processor, and says why."""

from __future__ import annotations

from ..avatar.model import Avatar
from ..core.errors import RenderError, UnknownBackendError
from .base import BACKENDS, Rasteriser, RasterSettings


def make_rasteriser(avatar: Avatar, settings: RasterSettings) -> tuple[Rasteriser, str]:
    """The rasteriser that `settings.backend` names, and why `auto` had to fall back ("" where it did not).

    Raises UnknownBackendError for unknown or uninstalled names, RenderError where a named one cannot run here.
    """
    if settings.backend != "auto":
        return BACKENDS.load(settings.backend)(avatar, settings), ""
    try:
        return BACKENDS.load("gsplat")(avatar, settings), ""
    except (UnknownBackendError, RenderError) as error:
        reason = f"drawing on the CPU, because gsplat cannot be used: {error}"
    return BACKENDS.load("cpu")(avatar, settings), reason
