"""Choosing a rasteriser: `auto` takes the graphics card where it works, else the processor, and says why."""

from __future__ import annotations

from functools import partial

from ..avatar.model import Avatar
from ..core.errors import RenderError, UnknownBackendError
from ..core.fallback import fallback_warning
from ..core.registry import NO_OPTIONS, Options
from .base import BACKENDS, Rasteriser, RasterSettings
from .recovering import Recovering

#: Best first; the last one needs no card.
CARDS, PROCESSOR = ("gsplat", "gl"), "cpu"


def make_rasteriser(avatar: Avatar, settings: RasterSettings, own: Options = NO_OPTIONS) -> tuple[Rasteriser, str]:
    """The rasteriser that `settings.backend` names, and why `auto` had to fall back ("" where it did not).

    own: options of backends. What `auto` takes on a card gives way to the processor while the card is lost. Raises
    UnknownBackendError for unknown or uninstalled names, RenderError where a named one cannot run here.
    """

    def make(name: str) -> Rasteriser:
        return BACKENDS.make(name, avatar, settings, own=own)

    if settings.backend != "auto":
        return make(settings.backend), ""
    failures: dict[str, str] = {}
    for name in CARDS:
        try:
            first = make(name)
        except (UnknownBackendError, RenderError) as error:
            failures[name] = str(error)
            continue
        reason = _reason(failures, name)
        return Recovering(first, partial(make, name), partial(make, PROCESSOR), reason), reason
    return make(PROCESSOR), _reason(failures, PROCESSOR)


def _reason(failures: dict[str, str], taken: str) -> str:
    return "; ".join(fallback_warning(name, taken, why) for name, why in failures.items())
