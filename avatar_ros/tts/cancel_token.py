"""How a voice hears, in the middle of waiting, that its sentence is not wanted any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: What ending a wait may raise that ended by itself meanwhile (a socket, an event loop): who asks must go on.
_ENDED = (OSError, AttributeError, RuntimeError)


class CancelToken:
    """asked: whether the sentence is to stop. One thread asks, another one waits for a service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Callable[[], object]] = []
        self.asked = False

    def ask(self) -> None:
        """From now on; from any thread."""
        with self._lock:
            self.asked = True
            calls = list(self._calls)
        for call in calls:
            with suppress(*_ENDED):
                call()

    @contextmanager
    def calls(self, call: Callable[[], object]) -> Iterator[None]:
        """Within the block, `call` is what ends the wait. It is called on the asking thread, and may not wait."""
        with self._lock:
            self._calls.append(call)
            asked = self.asked
        try:
            if asked:
                with suppress(*_ENDED):
                    call()
            yield
        finally:
            with self._lock:
                self._calls.remove(call)
