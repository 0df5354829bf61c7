"""A page's socket, between the loop that serves it and the stage that thinks: both sides bounded, neither waits."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from .rate_limit import TokenBucket
from .refusal import BAD_FRAME, TOO_LARGE, TOO_MUCH, TOO_SLOW, RefusalError
from .sent_frames import Frame

#: What may wait to be read by a page, and how long a page may not read at all.
MOST_BYTES, SLOW_S = 2 << 20, 15.0
#: An idle face is left out while more than this waits.
_DROP_BYTES = 32 << 10
#: Frames that may wait for the stage, of one page: then the server is the slow one, and what comes of sound is left
#: out (its counts say where); a page that goes on writing is closed at twice as many.
MOST_WAITING = 600
#: Twice what a page sends that talks, and what it may have saved up while its network stood still.
FRAMES_PER_S, FRAMES_AT_ONCE = 160.0, 900.0
BYTES_PER_S, BYTES_AT_ONCE = 80_000.0, 600_000.0
LARGEST_BINARY = 64 << 10


class Allowed(NamedTuple):
    """How much may come: frames and bytes a second, and at once. live: its sound is of no use when it is late."""

    frames_per_s: float
    frames_at_once: float
    bytes_per_s: float
    bytes_at_once: float
    live: bool = True


OF_A_PAGE = Allowed(FRAMES_PER_S, FRAMES_AT_ONCE, BYTES_PER_S, BYTES_AT_ONCE)
#: A voice framework gives a sentence as soon as it is made, many times faster than it is spoken (48 kHz, int16).
OF_A_PROGRAM = Allowed(400.0, 6000.0, 1_000_000.0, 12_000_000.0, live=False)


class PageConnection:
    """Made on the loop. inbox(connection, frame): called there for each frame, None where the socket is gone."""

    def __init__(
        self,
        address: str,
        inbox: Callable[[PageConnection, Frame | None], None],
        now_s: float,
        allowed: Allowed = OF_A_PAGE,
    ) -> None:
        self.address = address
        self.waiting = 0  # frames that the stage has not taken yet
        self.greeted = False  # its hello was read
        self.began_s = now_s
        self._inbox = inbox
        self._live = allowed.live
        self._most_waiting = max(MOST_WAITING, allowed.frames_at_once)
        self._loop = asyncio.get_running_loop()
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._ready = asyncio.Event()
        self._close: tuple[int, str] | None = None
        self._frame_bucket = TokenBucket(allowed.frames_per_s, allowed.frames_at_once)
        self._byte_bucket = TokenBucket(allowed.bytes_per_s, allowed.bytes_at_once)

    # --- the stage's side ----------------------------------------------------------------------------------------

    def send(self, frame: Frame, *, droppable: bool = False) -> None:
        """Queue a frame; a page that reads too slowly is given up."""
        with self._lock:
            if self._close is not None or (droppable and self._bytes > _DROP_BYTES):
                return
            if self._bytes > MOST_BYTES:
                self._frames.clear()
                self._close = (TOO_SLOW, "too slow")
            else:
                self._frames.append(frame)
                self._bytes += len(frame)
            wake = len(self._frames) <= 1
        if wake:
            self._call(self._ready.set)

    def close(self, code: int, reason: str) -> None:
        """Close it once what waits was sent."""
        with self._lock:
            if self._close is None:
                self._close = (code, reason)
        self._call(self._ready.set)

    def taken(self) -> None:
        """The stage has taken a frame."""
        self.waiting -= 1

    def _call(self, work: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            return  # the loop has ended, and every socket with it

    # --- the loop's side -----------------------------------------------------------------------------------------

    def received(self, frame: Frame, now_s: float) -> None:
        """Pass a frame on. Raises RefusalError where there are too many of them, or it is too large."""
        self.admit(frame, now_s, len(frame))
        if not self.greeted and isinstance(frame, bytes):
            raise RefusalError("bad_frame", "sound before hello", BAD_FRAME)
        self._pass(frame)

    def admit(self, frame: Frame, now_s: float, size: int) -> None:
        """Count a frame that came. size: bytes of it on the way. Raises RefusalError as `received` does."""
        if isinstance(frame, bytes) and len(frame) > LARGEST_BINARY:
            raise RefusalError("too_large", "a binary frame of more than 64 KiB", TOO_LARGE)
        allowed = self._frame_bucket.take(1.0, now_s) and self._byte_bucket.take(size, now_s)
        if not allowed or self.waiting >= 2 * self._most_waiting:
            raise RefusalError("too_much", "more than a page has to say", TOO_MUCH)

    def heard(self, frame: bytes, now_s: float) -> None:
        """Pass on sound that came by WebRTC, packed there. Raises RefusalError where it is too much."""
        self.admit(frame, now_s, 0)
        self._pass(frame)

    def _pass(self, frame: Frame) -> None:
        if self._live and isinstance(frame, bytes) and self.waiting >= self._most_waiting:
            return
        self.waiting += 1
        self._inbox(self, frame)

    def gone(self) -> None:
        """The socket is closed."""
        self._inbox(self, None)

    async def next(self) -> list[Frame] | tuple[int, str]:
        """What is to be sent next, all of it; or what to close it with."""
        while True:
            with self._lock:
                if self._frames:
                    out = list(self._frames)
                    self._frames.clear()
                    self._bytes = 0
                    return out
                if self._close is not None:
                    return self._close
                self._ready.clear()
            await self._ready.wait()
