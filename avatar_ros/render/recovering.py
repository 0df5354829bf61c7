"""A card's rasteriser with the processor's behind it: when the card is lost the picture goes on, and it comes back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..core.arrays import F32, U8
from ..core.clock import Clock, SteadyClock
from ..core.egl import GlHome
from ..core.errors import RenderError, UnknownBackendError
from ..core.fallback import Fallback
from .base import Background, Camera, DrawsForWindow, Frame, Rasteriser

RETRY_S = 5.0  # then twice as long each time: making one anew holds up the picture for some tenths of a second


class Recovering:
    """See Rasteriser. name: of the one in use."""

    def __init__(self, first: Rasteriser, again: Callable[[], Rasteriser], spare: Callable[[], Rasteriser],
                 reason: str = "", clock: Clock | None = None) -> None:
        """first: on the card; again: makes it anew; spare: makes the one that always works; reason: why `first` was
        not another, for diagnostics.
        """
        self.name = first.name
        self._first: Rasteriser | None = first
        self._again, self._make_spare, self._reason = again, spare, reason
        self._spare: Rasteriser | None = None
        self._clock = clock or SteadyClock()
        self._fallback = Fallback(first.name, "cpu", RETRY_S)
        self._wait_s = RETRY_S
        self._bad_weights = 0
        self._home: GlHome | None = None
        self._colors: F32 | None = None  # where they are not the avatar's own

    @property
    def device(self) -> str:
        """Of the rasteriser in use, where it tells."""
        return str(getattr(self._used, "device", ""))

    @property
    def looked_at(self) -> bool:
        """See GlRasteriser."""
        return bool(getattr(self._first, "looked_at", False))

    @property
    def bad_weights(self) -> int:
        """See Rasteriser."""
        return self._bad_weights + self._used.bad_weights

    @property
    def warning(self) -> str:
        """Why the best one is not in use; "" where it is."""
        return "; ".join(filter(None, [self._reason, self._fallback.warning]))

    def render(self, weights: np.ndarray, head: np.ndarray, camera: Camera, background: Background = None,
               out: U8 | None = None) -> Frame:
        """See Rasteriser.render."""
        if self._first is None and self._fallback.is_due(self._clock.now_s()):
            self._return()
        try:
            return self._used.render(weights, head, camera, background, out)
        except RenderError as error:
            if not error.retryable or self._first is None:
                raise
            self._fall(error)
        return self._used.render(weights, head, camera, background, out)

    def settle(self, home: GlHome | None) -> str:
        """See DrawsForWindow; whoever comes back is told, too."""
        self._home = home
        return self._first.settle(home) if isinstance(self._first, DrawsForWindow) else ""

    def recolour(self, colors: F32) -> None:
        """See Rasteriser.recolour; whoever takes over is told, too."""
        self._colors = colors
        for one in (self._first, self._spare):
            if one is not None:
                one.recolour(colors)

    def buffer(self, width: int, height: int) -> U8:
        """See Rasteriser.buffer; any of them draws into it, so the spare one's own memory will not do."""
        return self._first.buffer(width, height) if self._first else np.zeros((height, width, 4), np.uint8)

    def close(self) -> None:
        """See Rasteriser.close."""
        for one in (self._first, self._spare):
            if one is not None:
                one.close()

    @property
    def _used(self) -> Rasteriser:
        if self._first is None and self._spare is None:
            self._spare = self._in_this_light(self._make_spare())
        used = self._first or self._spare
        assert used is not None
        self.name = used.name
        return used

    def _in_this_light(self, made: Rasteriser) -> Rasteriser:
        if self._home is not None and isinstance(made, DrawsForWindow):
            made.settle(self._home)
        if self._colors is not None:
            made.recolour(self._colors)
        return made

    def _fall(self, error: RenderError) -> None:
        if self._first is not None:
            self._bad_weights += self._first.bad_weights
            self._first.close()
        self._first = None
        self._fallback.failed(str(error), self._clock.now_s(), self._wait_s)
        self._wait_s *= 2

    def _return(self) -> None:
        try:
            self._first = self._in_this_light(self._again())
        except (RenderError, UnknownBackendError) as error:
            self._fall(RenderError("render_still_lost", str(error)))
            return
        self._fallback.works()
