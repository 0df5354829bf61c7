"""Screen and recorder as the renderer wants them: sinks of frames (FrameSink in render/stage.py).

A window waits for the panel's refresh and a recording for the encoder: both have threads of their own, and the
renderer never waits for either.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.clock import Clock, SteadyClock, ns_from_s
from ..core.errors import ConfigError, RenderError
from ..core.topics import Message
from ..core.types import AudioFrame
from .base import U8, DisplaySettings, Screen, open_screen, render_size
from .captions import CaptionBoard

if TYPE_CHECKING:
    from .pieces import Pieces
    from .recorder import Recorder

OPEN_TIMEOUT_S = 10.0
POLL_S = 0.05
REOPEN_S = 2.0
OpenScreen = Callable[[], tuple[Screen, str]]


class ScreenSink:
    """Shows the newest frame on a screen that lives in a thread of its own, captions and state's sign included.

    on_leave: called once, from that thread, when the person leaves (Esc, window closed). A panel that goes away is
    asked for again every REOPEN_S seconds.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        on_leave: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
        open_: OpenScreen | None = None,
    ) -> None:
        """Opens the screen. Raises ConfigError where it was named and cannot be had."""
        self._open = open_ or (lambda: open_screen(settings))
        self._on_leave = on_leave
        self._scale = settings.scale
        self._clock = clock or SteadyClock()
        self._board = CaptionBoard()
        self._screen: Screen | None = None
        self._changed = threading.Condition()
        self._pending: tuple[U8, float] | None = None
        self._spare: U8 | None = None
        self._at_s = 0.0
        self._closing = False
        self._opened = threading.Event()
        self._failure: ConfigError | None = None
        self.warning = ""
        self.left = False
        self.size = (0, 0)
        self.shown = self.missed = 0
        self._late_s = 0.0
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)
        self._thread.start()
        self._opened.wait(OPEN_TIMEOUT_S)
        if self._failure is not None:
            raise self._failure

    def wants_frames(self) -> bool:
        """Whether there is a panel and somebody before it."""
        return self.size != (0, 0) and not self.left

    def frame_size(self) -> tuple[int, int] | None:
        """Width and height at which to render for this panel; None while there is none."""
        return None if self.size == (0, 0) else render_size(self.size, self._scale)

    @property
    def leave(self) -> bool:
        """Whether the person pressed Esc or closed the window."""
        return self.left

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Hand over a frame [H, W, 4]; copied. The newest wins, frames that were not shown in time are counted."""
        with self._changed:
            spare, self._spare = self._spare, None
        if spare is None or spare.shape != rgba.shape:
            frame = rgba.copy()
        else:
            frame = spare
            frame[:] = rgba
        with self._changed:
            self.missed += self._pending is not None
            self._pending = (frame, shown_at_s)
            self._at_s = shown_at_s
            self._changed.notify()

    def hear(self, topic: str, message: Message) -> None:
        """Transcript, Sentence, PlaybackClock and AvatarState become captions and sign."""
        with self._changed:
            self._board.hear(message, self._at_s)

    def status(self) -> Mapping[str, str]:
        """For /diagnostics. display_late_ms: from the time a frame was meant for to its handing over to the panel."""
        values = {
            "screen": self._screen.name if self._screen else "lost",
            "screen_size": "{}x{}".format(*self.size),
            "screen_frames": str(self.shown),
            "screen_missed": str(self.missed),
            "display_late_ms": f"{1000 * self._late_s:.1f}",
        }
        return values | ({"warning": self.warning} if self.warning else {})

    def close(self) -> None:
        """Show what waits, then give the panel back."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(OPEN_TIMEOUT_S)

    def _run(self) -> None:
        if not self._take_panel():
            return
        while self._turn():
            pass
        if self._screen is not None:
            self._screen.close()

    def _take_panel(self) -> bool:
        """The first opening; False where it failed."""
        try:
            self._screen, self.warning = self._open()
            self.size = self._screen.size
        except ConfigError as error:
            self._failure = error
        self._opened.set()
        return self._failure is None

    def _turn(self) -> bool:
        """One frame or one look at the events; False when it is time to close."""
        with self._changed:
            if self._pending is None and not self._closing:
                self._changed.wait(POLL_S if self._screen else REOPEN_S)
            job, self._pending = self._pending, None
            told = (self._board.mood, self._board.at(self._at_s))
            done = self._closing and job is None
        if self._screen is None:
            self._reopen()
        elif job is not None:
            self._screen.tell(*told)
            self._present(self._screen, *job)
        self._look()
        return not done

    def _present(self, screen: Screen, frame: U8, shown_at_s: float) -> None:
        try:
            screen.show(frame, shown_at_s)
        except RenderError as error:
            screen.close()
            self._screen, self.warning = None, error.text
            return
        self.shown += 1
        self._late_s += 0.1 * (self._clock.now_s() - shown_at_s - self._late_s)
        with self._changed:
            self._spare = frame

    def _look(self) -> None:
        if self._screen is None or self.left:
            return
        events = self._screen.poll()
        if events.resized:
            self.size = self._screen.size
        if events.leave:
            self.left = True
            self._on_leave()

    def _reopen(self) -> None:
        """Ask for the panel again; while there is none, frames are taken and dropped."""
        try:
            screen, warning = self._open()
        except ConfigError as error:
            screen, warning = None, error.text
        if screen is not None and (screen.size != (0, 0) or not warning):
            self._screen, self.warning, self.size = screen, warning, screen.size
            return
        self.warning = f"the panel has gone; {warning}"
        with self._changed:
            self._changed.wait_for(lambda: self._closing, REOPEN_S)


class RecorderSink:
    """Gives a Recorder the renderer's frames and what the speaker played; a new one where `pieces` says so.

    begin: makes the recorder of a further piece; it raises ConfigError where that cannot be written.
    """

    def __init__(
        self,
        recorder: Recorder,
        begin: Callable[[Path], Recorder] | None = None,
        pieces: Pieces | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._recorder = recorder
        self._begin = begin
        self._pieces = pieces
        self._now = now
        self._closing: threading.Thread | None = None
        self._ended: Recorder | None = None  # the piece before

    def wants_frames(self) -> bool:
        """As long as the file takes them."""
        return not self._recorder.error

    def frame_size(self) -> None:
        """The size of the first frame; later ones are fitted to it."""

    @property
    def leave(self) -> bool:
        """A recording does not end the show."""
        return False

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Record the frame at the time at which it is seen."""
        if self._pieces is not None and self._pieces.is_full(self._recorder.path, shown_at_s):
            self._go_on(self._pieces)
        self._recorder.add_frame(rgba, ns_from_s(shown_at_s))

    def _go_on(self, pieces: Pieces) -> None:
        """The next piece begins; the last one is finished beside it."""
        if self._begin is None or (self._closing is not None and self._closing.is_alive()):
            return
        full = self._recorder
        try:
            self._recorder = self._begin(pieces.next(self._now()))
        except ConfigError as error:
            full.error = full.error or error.text
            return
        self._ended = full
        self._closing = threading.Thread(target=full.close, name="recording ends", daemon=True)
        self._closing.start()
        pieces.tidy(self._now(), (full.path, self._recorder.path))

    def hear(self, topic: str, message: Message) -> None:
        """Record what left the speaker."""
        if topic == "speech/played" and isinstance(message, AudioFrame):
            self._recorder.add_audio(message)

    def status(self) -> Mapping[str, str]:
        """For /diagnostics."""
        recorder = self._recorder
        values = {
            "recording": str(recorder.path),
            "recorded_frames": str(recorder.frames),
            "recording_dropped": str(recorder.dropped),
            "recording_sounds_refused": str(recorder.refused),
        }
        return values | ({"warning": recorder.error} if recorder.error else {})

    def close(self) -> str:
        """Finish the file; what became of it instead, where the disk did not take it."""
        self._recorder.close()
        if self._closing is not None:
            self._closing.join()
        return "; ".join(filter(None, (self._ended.error if self._ended else "", self._recorder.error)))
