"""Ends a process whose work stands still: a library that never comes back (PortAudio, when its sound server is killed)
cannot be interrupted, but whoever started the node can start it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping

#: What was begun, by what works: None where it waits for work.
Begun = Callable[[], Mapping[str, Hashable]]


class Watchdog:
    """Looks every quarter of `limit_s` whether something still does what it did; `bite(name)` when for `limit_s`.

    It counts its own looks, not time: of a process that was stopped and goes on, nothing stood still.
    """

    LOOKS = 4

    def __init__(self, begun: Begun, limit_s: float, bite: Callable[[str], None]) -> None:
        self._begun = begun
        self._period_s = limit_s / self.LOOKS
        self._bite = bite
        self._seen: dict[str, Hashable] = {}
        self._looks: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def look(self) -> str:
        """What has stood still for LOOKS looks; "" where nothing has."""
        found = self._begun()
        for name, begun in found.items():
            same = begun is not None and self._seen.get(name) == begun
            self._looks[name] = self._looks.get(name, 0) + 1 if same else 0
        self._seen = dict(found)
        return next((name for name in found if self._looks[name] >= self.LOOKS), "")

    def _run(self) -> None:
        while not self._over.wait(self._period_s):
            if name := self.look():
                self._bite(name)
                return
