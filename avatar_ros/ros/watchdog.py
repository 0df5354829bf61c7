"""Ends a process whose work stands still: a library that never comes back (PortAudio, when its sound server is killed)
cannot be interrupted, but the runner or launch can start the node again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path

#: What was begun, by what works: None where it waits for work.
Begun = Callable[[], Mapping[str, Hashable]]
#: Processor time that what works has used so far, s.
UsedS = Callable[[str], float]
#: With a share of the time between these a thread is at work on a host that is too slow: a look counts a tenth. Who
#: uses less waits for something, who uses more has had its chance.
_STARVED, _STARVED_LOOK = (0.01, 0.5), 0.1
#: Longest wait for its own thread, s.
STOP_S = 1.0


def thread_s(native_id: int | None) -> float:
    """Processor time of one of this process's threads, s; 0 where it has ended."""
    try:
        return int(Path(f"/proc/self/task/{native_id}/schedstat").read_text().split()[0]) * 1e-9
    except OSError:
        return 0.0


class Watchdog:
    """Looks every quarter of `limit_s` whether something still does what it did; `on_stall(name)` when for `limit_s`.

    It counts its own looks, not time: of a process that was stopped and goes on, nothing stood still.
    """

    LOOKS = 4

    def __init__(
        self, begun: Begun, limit_s: float, on_stall: Callable[[str], None], used_s: UsedS = lambda name: 0.0
    ) -> None:
        self._begun = begun
        self._period_s = limit_s / self.LOOKS
        self._on_stall = on_stall
        self._seen: dict[str, Hashable] = {}
        self._used_s = used_s
        self._used_before_s: dict[str, float] = {}
        self._looks: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and let go of what was watched: a node that is still held keeps DDS up at its process's end."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def look(self) -> str:
        """What has stood still for LOOKS looks; "" where nothing has."""
        found = self._begun()
        for name, begun in found.items():
            same = begun is not None and self._seen.get(name) == begun
            weight = self._weight(name)
            self._looks[name] = self._looks.get(name, 0.0) + weight if same else 0.0
        self._seen = dict(found)
        return next((name for name in found if self._looks[name] >= self.LOOKS), "")

    def _weight(self, name: str) -> float:
        before_s = self._used_before_s.get(name, 0.0)
        self._used_before_s[name] = used_s = self._used_s(name)
        least, most = _STARVED
        return _STARVED_LOOK if least < (used_s - before_s) / self._period_s < most else 1.0

    def _run(self) -> None:
        while not self._over.wait(self._period_s):
            if name := self.look():
                self._on_stall(name)
                return
