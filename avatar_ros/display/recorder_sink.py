"""A recording as the renderer wants it: a FrameSink that goes on in another file where one is full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.clock import ns_from_s
from ..core.errors import ConfigError
from ..core.frame_sink import FrameSink
from ..core.topics import Message
from ..core.types import AudioFrame
from .base import U8
from .pieces import Pieces
from .recorder import Recorder


class RecorderSink(FrameSink):
    """Gives a Recorder the renderer's frames and what the speaker played; a new one where `pieces` says so.

    begin: makes the recorder of a further piece; it raises ConfigError where that cannot be written.
    """

    wants_sound = True

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
        pieces.delete_old(self._now(), (full.path, self._recorder.path))

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
