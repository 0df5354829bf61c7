"""Work whose errors another thread, or a later moment, is to handle."""

from __future__ import annotations

from types import TracebackType


class ErrorCapture:
    """`with captured:` whatever its block raises ends the block and is kept in `error`, for the caller to raise or to
    answer later: a fault on a thread of one's own would be printed there, and the stage would never know.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> ErrorCapture:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        self.error = error
        return True
