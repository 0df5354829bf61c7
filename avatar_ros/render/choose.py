"""Choosing a rasteriser: `auto` takes the graphics card where it works, else the processor, and says why."""

from __future__ import annotations

from dataclasses import dataclass

from ..avatar.model import Avatar
from ..core.errors import RenderError, UnknownBackendError
from .base import BACKENDS, Rasteriser, Settings


@dataclass(frozen=True)
class Choice:
    """A rasteriser in use and, where `auto` had to fall back, why (for diagnostics; "" otherwise)."""

    rasteriser: Rasteriser
    reason: str = ""


def create(avatar: Avatar, settings: Settings) -> Choice:
    """The rasteriser that `settings.backend` names, with this avatar in it.

    Raises UnknownBackendError for unknown or uninstalled names, RenderError where a named one cannot run here.
    """
    if settings.backend != "auto":
        return Choice(BACKENDS.load(settings.backend)(avatar, settings))
    try:
        return Choice(BACKENDS.load("gsplat")(avatar, settings))
    except (UnknownBackendError, RenderError) as error:
        reason = f"drawing on the CPU, because gsplat cannot be used: {error}"
    return Choice(BACKENDS.load("cpu")(avatar, settings), reason)
