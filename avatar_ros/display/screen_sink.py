"""A screen as the renderer wants it: a FrameSink. A window waits for the panel's refresh, so it has a thread of its
own, and the renderer never waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from ..core.clock import Clock, SteadyClock
from ..core.egl import CardPicture, GlHome
from ..core.enums import AgentState
from ..core.errors import ConfigError, RenderError
from ..core.frame_sink import FrameSink
from ..core.queues import Latest
from ..core.topics import Message
from .base import U8, DisplaySettings, DrawsFrames, Screen, TellsProblem, open_screen, render_size
from .captions import CaptionBoard
from .panel_care import AS_IT_IS, Care, Carer
from .panel_power import PanelPower
from .sharpness import Sharpness

OPEN_TIMEOUT_S = 10.0
POLL_S = 0.05
REOPEN_S = 2.0
OpenScreen = Callable[[], tuple[Screen, str]]


class ScreenSink(FrameSink):
    """Shows the newest frame on a screen that lives in a thread of its own, captions and state's sign included.

    on_close: called once, from that thread, when the user ends the show (Esc, window closed). A panel that goes away
    is asked for again every REOPEN_S seconds. A window that is hidden, or a panel that is off, wants no frames.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        on_close: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
        open_: OpenScreen | None = None,
        power: PanelPower | None = None,
        local_hour: Callable[[], float] | None = None,
        scale: float | None = None,
    ) -> None:
        """local_hour: () -> the local time of day, 0-24; scale: instead of the settings'.

        Opens the screen. Raises ConfigError where it was named and cannot be had.
        """
        self._open = open_ or (lambda: open_screen(settings))
        self._on_close = on_close
        self._sharpness = Sharpness(settings.scale if scale is None else scale)
        self._power = power or PanelPower()
        self._settings, self._carer, self._care = settings, Carer(), AS_IT_IS
        self._local_hour = local_hour or _local_hour
        self._visible = True
        self._clock = clock or SteadyClock()
        self._board = CaptionBoard()
        self._screen: Screen | None = None
        self._frames: Latest[tuple[U8 | CardPicture, float]] = Latest()
        self._home: GlHome | None = None
        self._told, self._left_home = 0, threading.Event()  # how often the renderer was told that there is none
        self._lock = threading.Lock()  # of the board, its instant and the spare frame
        self._spare: U8 | None = None
        self._presses: deque[bool] = deque()
        self._at_s = 0.0
        self._closing = threading.Event()
        self._opened = threading.Event()
        self._failure: ConfigError | None = None
        self.warning = ""
        self.size = (0, 0)
        self.shown = 0
        self._late_s = 0.0
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        self._thread.start()
        self._opened.wait(OPEN_TIMEOUT_S)
        if self._failure is not None:
            raise self._failure

    def wants_frames(self) -> bool:
        """Whether there is a panel that can be seen, and a user before it."""
        return self.size != (0, 0) and not self.closed_by_user and not self.unseen

    def frame_size(self) -> tuple[int, int] | None:
        """Width and height at which to render for this panel; None while there is none."""
        return None if self.size == (0, 0) else render_size(self.size, self._sharpness.scale)

    def drawn(self, cost_s: float, period_s: float, missed: int) -> None:
        """See FrameSink.drawn."""
        self._sharpness.drawn(cost_s, period_s, missed)

    @property
    def unseen(self) -> str:
        """Why nobody can see the face, "" where it can be seen."""
        if not self._visible:
            return "window hidden"
        return "panel off" if self._power.is_off(self._clock.now_s()) else ""

    @property
    def missed(self) -> int:
        """Frames that newer ones replaced before they were shown."""
        return self._frames.missed

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Hand over a frame [H, W, 4]; copied. The newest wins, frames that were not shown in time are counted."""
        with self._lock:
            spare, self._spare = self._spare, None
            self._at_s = shown_at_s
        frame = spare if spare is not None and spare.shape == rgba.shape else np.empty(rgba.shape, rgba.dtype)
        frame[:] = rgba
        self._frames.put((frame, shown_at_s))

    def home(self) -> GlHome | None:
        """See FrameSink.home. Whoever asks a second time has drawn nothing there since he was told that it is none."""
        if self._home is None:
            self._told += 1
            if self._told > 1:
                self._left_home.set()
        return self._home

    def show_on_card(self, picture: CardPicture, shown_at_s: float) -> bool:
        """See FrameSink.show_on_card; the picture is held until it has been shown and replaced."""
        if self._home is None or picture.home != self._home:
            return False
        with self._lock:
            self._at_s = shown_at_s
        self._frames.put((picture, shown_at_s))
        return True

    def hear(self, topic: str, message: Message) -> None:
        """Transcript, Sentence, PlaybackClock and AvatarState become captions and sign."""
        with self._lock:
            self._board.hear(message, self._at_s)

    def presses(self) -> list[bool]:
        """See FrameSink.presses."""
        return [self._presses.popleft() for _ in range(len(self._presses))]

    def status(self) -> Mapping[str, str]:
        """For /diagnostics. display_late_ms: from the time a frame was meant for to its handing over to the panel."""
        values = {
            "screen": self._screen.name if self._screen else "lost",
            "screen_copies": self._copies(),
            "screen_size": "{}x{}".format(*self.size),
            "screen_scale": f"{self._sharpness.scale:g}: {self._sharpness.reason}",
            "screen_frames": str(self.shown),
            "screen_missed": str(self.missed),
            "display_late_ms": f"{1000 * self._late_s:.1f}",
            "screen_brightness": f"{self._care.brightness:.2f}",
        }
        problem = self._screen.problem if isinstance(self._screen, TellsProblem) else ""
        warning = "; ".join(filter(None, (self.warning, problem)))
        told = {"screen_unseen": self.unseen, "warning": warning}
        return values | {name: value for name, value in told.items() if value}

    def _copies(self) -> str:
        """How frames come to the panel, and why."""
        if self._home is not None:
            return "none: drawn and shown by the card"
        return f"frames: {why}" if (why := getattr(self._screen, "copied", "")) else "frames"

    def close(self) -> str:
        """Show what waits, then give the panel back."""
        self._closing.set()
        self._frames.close()
        self._thread.join(OPEN_TIMEOUT_S)
        return ""

    def _run(self) -> None:
        if not self._take_panel():
            return
        while self._step():
            pass
        if self._screen is not None:
            self._home = None
            self._screen.close()

    def _take_panel(self) -> bool:
        """The first opening; False where it failed."""
        try:
            self._screen, self.warning = self._open()
            self.size = self._screen.size
            self._home = _home_of(self._screen)
        except ConfigError as error:
            self._failure = error
        self._opened.set()
        return self._failure is None

    def _step(self) -> bool:
        """One frame or one look at the events; False when it is time to close."""
        closing = self._closing.is_set()  # before looking: no frame comes after it
        frame = self._frames.take(POLL_S if self._screen else REOPEN_S)
        if self._screen is None:
            self._reopen()
        elif frame is not None:
            with self._lock:
                self._care = self._care_now()
                self._screen.tell(self._board.state, self._board.at(self._at_s), self._care)
            self._present(self._screen, *frame)
        self._look()
        return not closing or frame is not None

    def _care_now(self) -> Care:
        idle = self._board.state in (AgentState.IDLE, AgentState.SLEEPING)
        return self._carer.at(self._at_s, idle, self._local_hour(), self._settings)

    def _present(self, screen: Screen, frame: U8 | CardPicture, shown_at_s: float) -> None:
        try:
            if not _show(screen, frame, shown_at_s):
                return
        except RenderError as error:
            self._leave_home()
            screen.close()
            self._screen, self.warning = None, error.text
            return
        self.shown += 1
        self._late_s += 0.1 * (self._clock.now_s() - shown_at_s - self._late_s)
        if isinstance(frame, np.ndarray):
            with self._lock:
                self._spare = frame

    def _leave_home(self) -> None:
        """The window's context is about to go: the renderer is told, and given the time to leave it."""
        if self._home is not None:
            self._told = 0
            self._left_home.clear()
            self._home = None
            while not self._closing.is_set() and not self._left_home.wait(POLL_S):
                pass

    def _look(self) -> None:
        if self._screen is None or self.closed_by_user:
            return
        events = self._screen.poll()
        self._presses.extend(events.presses)
        if events.resized:
            self.size = self._screen.size
        if events.visible is not None:
            self._visible = events.visible
        if events.closed_by_user:
            self.closed_by_user = True
            self._on_close()

    def _reopen(self) -> None:
        """Ask for the panel again; while there is none, frames are taken and dropped."""
        try:
            screen, warning = self._open()
        except ConfigError as error:
            screen, warning = None, error.text
        if screen is not None and (screen.size != (0, 0) or not warning):
            self._screen, self.warning, self.size = screen, warning, screen.size
            self._home = _home_of(screen)
            return
        self.warning = f"the panel has gone; {warning}"
        self._closing.wait(REOPEN_S)


def _show(screen: Screen, frame: U8 | CardPicture, shown_at_s: float) -> bool:
    """False: it is a picture of a window that is no more."""
    if isinstance(frame, np.ndarray):
        screen.show(frame, shown_at_s)
        return True
    if not isinstance(screen, DrawsFrames) or frame.home != screen.home:
        return False
    screen.show(frame, shown_at_s)
    return True


def _home_of(screen: Screen) -> GlHome | None:
    return screen.home if isinstance(screen, DrawsFrames) else None


def _local_hour() -> float:
    now = time.localtime()
    return now.tm_hour + now.tm_min / 60 + now.tm_sec / 3600
