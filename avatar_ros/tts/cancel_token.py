"""How a voice learns, in the middle of waiting, that its sentence is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: What ending a wait may raise that ended by itself meanwhile (a socket, an event loop): the caller must go on.
_ENDED = (OSError, AttributeError, RuntimeError)


class CancelToken:
    """cancelled: whether the sentence is to stop. One thread cancels, another one waits for a service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []
        self.cancelled = False

    def cancel(self) -> None:
        """From now on; from any thread."""
        with self._lock:
            self.cancelled = True
            callbacks = list(self._callbacks)
        for callback in callbacks:
            with suppress(*_ENDED):
                callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], object]) -> Iterator[None]:
        """Within the block, `callback` is what ends the wait. It runs on the cancelling thread, and may not wait."""
        with self._lock:
            self._callbacks.append(callback)
            cancelled = self.cancelled
        try:
            if cancelled:
                with suppress(*_ENDED):
                    callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
