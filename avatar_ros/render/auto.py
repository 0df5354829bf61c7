"""Choosing a rasteriser: `auto` takes the graphics card where it works, else the processor, and says why."""

from __future__ import annotations

from ..avatar.model import Avatar
from ..core.errors import RenderError, UnknownBackendError
from ..core.fallback import fallback_warning
from ..core.registry import NO_OPTIONS, Options
from .base import BACKENDS, Rasteriser, RasterSettings


def make_rasteriser(avatar: Avatar, settings: RasterSettings, own: Options = NO_OPTIONS) -> tuple[Rasteriser, str]:
    """The rasteriser that `settings.backend` names, and why `auto` had to fall back ("" where it did not).

    own: options of backends. Raises UnknownBackendError for unknown or uninstalled names, RenderError where a named one
    cannot run here.
    """
    if settings.backend != "auto":
        return BACKENDS.make(settings.backend, avatar, settings, own=own), ""
    try:
        return BACKENDS.make("gsplat", avatar, settings, own=own), ""
    except (UnknownBackendError, RenderError) as error:
        reason = fallback_warning("gsplat", "cpu", str(error))
    return BACKENDS.make("cpu", avatar, settings, own=own), reason
