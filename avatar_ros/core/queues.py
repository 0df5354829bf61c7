"""Bounded queues between threads, which count what they drop.

FairQueue: between a callback and its worker; where it is full, the longest lane loses its oldest. Latest: one place.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: A lane (a topic of a session) in which more than this waits is flooded, or its reader is slow: others go first.
FAIR_SHARE = 32
#: Orders that may wait in a lane.
MOST_ORDERS = 100


class _Lanes(Generic[Item]):
    """Items in the order in which they came while few wait; of many, every other one is of a lane that is short."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lanes: dict[tuple[bool, Hashable], deque[tuple[int, Item]]] = {}
        self._came = 0
        self._size = 0
        self._short_first = False
        self.dropped = 0

    def put(self, item: Item, lane: Hashable, own: bool, most: int) -> None:
        key = (not own, lane)
        if len(self._lanes.get(key, ())) >= most:
            self._drop(key)
        elif self._size >= self._limit:
            self._drop(max(self._lanes, key=lambda key: len(self._lanes[key])))
        self._came += 1
        self._size += 1
        self._lanes.setdefault(key, deque()).append((self._came, item))

    def get(self) -> Item:
        self._short_first = self._size > FAIR_SHARE and not self._short_first
        if self._short_first:
            short = [key for key, items in self._lanes.items() if len(items) <= FAIR_SHARE]
            if short:
                return self._pop(min(short, key=lambda key: (key[0], self._lanes[key][0][0])))
        return self._pop(min(self._lanes, key=lambda key: self._lanes[key][0][0]))

    def _drop(self, key: tuple[bool, Hashable]) -> None:
        self._pop(key)
        self.dropped += 1

    def _pop(self, key: tuple[bool, Hashable]) -> Item:
        items = self._lanes[key]
        item = items.popleft()[1]
        if not items:
            del self._lanes[key]
        self._size -= 1
        return item

    def __len__(self) -> int:
        return self._size


class FairQueue(Generic[Item]):
    """At most `limit` items, and as many orders, which go first. Safe between threads, of which one reads.

    lane: what fills up on its own, to `most` items; own: the kiosk's own session, whose short lanes go before those
    of others.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a queue of {limit} items holds nothing")
        self._items: _Lanes[Item] = _Lanes(limit)
        self._urgent: _Lanes[Item] = _Lanes(limit)
        self._lock = threading.Lock()
        # Two plain locks, since a Condition makes one more for each wait: hundreds a second in each node.
        self._signal = threading.Lock()  # held but for the moment in which the reader is woken
        self._signal.acquire()
        self._waiting = False  # the reader has found nothing, and was not woken since
        self._closed = False

    @property
    def dropped(self) -> int:
        """Items lost so far."""
        return self._items.dropped + self._urgent.dropped

    def put(self, item: Item, lane: Hashable = "", *, own: bool = True, most: int = sys.maxsize) -> None:
        """Append; where the lane is full its oldest item is dropped, where the queue is, that of the longest lane."""
        with self._lock:
            self._items.put(item, lane, own, most)
            self._wake()

    def put_urgent(self, item: Item, lane: Hashable = "", *, own: bool = True) -> None:
        """Append to what is served first."""
        with self._lock:
            self._urgent.put(item, lane, own, MOST_ORDERS)
            self._wake()

    def get(self, timeout_s: float | None = None) -> Item | None:
        """The next item, or None after `timeout_s` or once closed. For one reader."""
        with self._lock:
            if self._items or self._urgent or self._closed:
                return self._next()
            self._waiting = True
        self._signal.acquire(timeout=-1 if timeout_s is None else timeout_s)
        with self._lock:
            if not self._waiting:
                self._signal.acquire(blocking=False)  # it was given just after the wait had ended
            self._waiting = False
            return self._next()

    def close(self) -> None:
        """Wake the reader; `get` returns what is left, then None at once."""
        with self._lock:
            self._closed = True
            self._wake()

    def _wake(self) -> None:
        if self._waiting:
            self._waiting = False
            self._signal.release()

    def _next(self) -> Item | None:
        if self._urgent:
            return self._urgent.get()
        return self._items.get() if self._items else None

    def __len__(self) -> int:
        return len(self._items) + len(self._urgent)


class Latest(Generic[Item]):
    """Holds the newest item for another thread. missed: items that a newer one replaced before they were taken."""

    def __init__(self) -> None:
        self._item: Item | None = None
        self._changed = threading.Condition()
        self._closed = False
        self.missed = 0

    def put(self, item: Item) -> None:
        """Replace what is there."""
        with self._changed:
            self.missed += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Item | None:
        """The newest item; None after `timeout_s`, or once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake the reader; `take` returns what is left, then None at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
