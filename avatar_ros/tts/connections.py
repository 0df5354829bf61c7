"""Connections to a voice service that stay open between sentences: new ones cost the first sound their handshakes."""

from __future__ import annotations

import http.client
import select
import threading
import time
from collections.abc import Callable
from urllib.parse import SplitResult

#: Services and load balancers close idle connections from 60 s on (nginx: 75 s).
KEEP_S = 50.0
#: As many as sentences are asked for at once by a few visitors.
_MOST = 4

Key = tuple[str, str]


class Connections:
    """Those that nobody uses. Any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._idle: list[tuple[Key, float, http.client.HTTPConnection]] = []

    def take(self, address: SplitResult) -> http.client.HTTPConnection | None:
        """The one to this address that was used last, if it still stands; otherwise None."""
        self._drop_old()
        with self._lock:
            mine = [kept for kept in self._idle if kept[0] == _key(address)]
            while mine:
                newest = mine.pop()
                self._idle.remove(newest)
                if _stands(newest[2]):
                    return newest[2]
                newest[2].close()
        return None

    def keep(self, address: SplitResult, connection: http.client.HTTPConnection) -> None:
        """Give one back whose answer was read to the end."""
        self._drop_old()
        with self._lock:
            self._idle.append((_key(address), self._now(), connection))
            surplus = self._idle[:-_MOST]
            del self._idle[:-_MOST]
        for _, _, old in surplus:
            old.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, _, connection in idle:
            connection.close()

    def _drop_old(self) -> None:
        with self._lock:
            old = [kept for kept in self._idle if self._now() - kept[1] > KEEP_S]
            self._idle = [kept for kept in self._idle if kept not in old]
        for _, _, connection in old:
            connection.close()


def _key(address: SplitResult) -> Key:
    return (address.scheme, address.netloc)


def _stands(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has not said anything meanwhile: what it says unasked is goodbye."""
    return connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]
