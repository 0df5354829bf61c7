"""A screen for tests and rehearsals: keeps what was shown, plays scripted events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ..core.enums import AgentState
from ..core.errors import RenderError
from .base import U8, Captions, DisplaySettings, ScreenEvents
from .panel_care import AS_IT_IS, Care

KEPT_FRAMES = 1000


class FakeScreen:
    """Records frames, and answers `poll` from a script, one event a call.

    lose_at: number of the frame whose `show` fails once with "screen_lost", as an unplugged panel does.
    """

    name = "fake"

    def __init__(
        self, settings: DisplaySettings, events: Iterable[ScreenEvents] = (), lose_at: int | None = None
    ) -> None:
        turned = settings.rotation in (90, 270)
        panel = (settings.panel_width, settings.panel_height)
        self.size = panel[::-1] if turned else panel
        self.frames: deque[tuple[U8, float]] = deque(maxlen=KEPT_FRAMES)
        self.told: list[tuple[AgentState, Captions]] = []
        self.cared: list[Care] = []
        self.opened = 0
        self.is_open = False
        self._events = deque(events)
        self._lose_at = lose_at
        self._shown = 0

    def open(self) -> None:
        """Count the opening."""
        self.is_open = True
        self.opened += 1

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Keep a copy of the frame."""
        self._shown += 1
        if self._shown == self._lose_at:
            raise RenderError("screen_lost", "the panel has gone, as the script says", retryable=True)
        self.frames.append((rgba.copy(), shown_at_s))

    def tell(self, state: AgentState, captions: Captions, care: Care = AS_IT_IS) -> None:
        """Keep what was told."""
        self.told.append((state, captions))
        self.cared.append(care)

    def poll(self) -> ScreenEvents:
        """The next scripted event."""
        return self._events.popleft() if self._events else ScreenEvents()

    def close(self) -> None:
        """Give the panel back."""
        self.is_open = False
