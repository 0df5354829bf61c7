"""A bounded queue between a callback and its worker: full means the oldest goes, and is counted."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class DropOldestQueue(Generic[Item]):
    """FIFO of at most `limit` items with a priority lane for orders. Safe between threads."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a queue of {limit} items holds nothing")
        self._items: deque[Item] = deque()
        self._urgent: deque[Item] = deque()
        self._limit = limit
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0

    def put(self, item: Item) -> None:
        """Append; drops the oldest item where the queue is full."""
        with self._changed:
            if len(self._items) >= self._limit:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def put_urgent(self, item: Item) -> None:
        """Append to the lane that is served first; orders are few and never dropped."""
        with self._changed:
            self._urgent.append(item)
            self._changed.notify()

    def get(self, timeout_s: float | None = None) -> Item | None:
        """The next item, or None after `timeout_s` or once closed."""
        with self._changed:
            if not (self._items or self._urgent or self._closed):
                self._changed.wait(timeout_s)
            if self._urgent:
                return self._urgent.popleft()
            return self._items.popleft() if self._items else None

    def clear(self) -> None:
        """Forget what is queued, orders included."""
        with self._changed:
            self._items.clear()
            self._urgent.clear()

    def close(self) -> None:
        """Wake whoever waits; `get` returns what is left, then None at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._items) + len(self._urgent)
