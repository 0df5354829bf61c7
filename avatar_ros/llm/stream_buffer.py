"""Where a stream's thread leaves what came, for the stage's thread to take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from .service_errors import ServiceError
from .tools.tool_calls import ToolCall


class StreamBuffer:
    """One writer, one reader, no lock: a deque's append and popleft are atomic, and `ended` is set last.

    calls: of tools, once it has ended; call_pieces: of calls that came so far: it lives, though it says nothing.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._pieces: deque[str] = deque()
        self.calls: tuple[ToolCall, ...] = ()
        self.call_pieces = 0
        self.fault: ServiceError | None = None
        self.ended = False

    def put(self, piece: str) -> None:
        """A piece of text came."""
        self._pieces.append(piece)
        self._wake()

    def end(self, fault: ServiceError | None = None) -> None:
        """Nothing more will come. Further calls change nothing."""
        if not self.ended:
            self.fault = fault
            self.ended = True
            self._wake()

    def take(self) -> list[str]:
        """What came since the last call. Read `ended` before, or a last piece may be missed."""
        return [self._pieces.popleft() for _ in range(len(self._pieces))]


class Stream(Protocol):
    """One request to the service, under way on a thread of its own."""

    buffer: StreamBuffer

    def close(self) -> None:
        """Close the connection at once; from any thread, any number of times."""
