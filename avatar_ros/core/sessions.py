"""State per session for stages that serve many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

State = TypeVar("State")


class SessionTable(Generic[State]):
    """session -> state, made on first use, dropped when closed or after `ttl_s` without use (0: kept)."""

    def __init__(self, make: Callable[[], State], ttl_s: float = 0.0) -> None:
        self._make = make
        self._ttl_s = ttl_s
        self._states: dict[str, State] = {}
        self._used_s: dict[str, float] = {}

    def get(self, session: str, now_s: float) -> State:
        """The session's state; also drops sessions that were not used for `ttl_s`."""
        self._expire(now_s)
        if session not in self._states:
            self._states[session] = self._make()
        self._used_s[session] = now_s
        return self._states[session]

    def drop(self, session: str) -> None:
        """Forget a closed session; unknown ones are no error."""
        self._states.pop(session, None)
        self._used_s.pop(session, None)

    def __len__(self) -> int:
        return len(self._states)

    def _expire(self, now_s: float) -> None:
        if self._ttl_s <= 0:
            return
        for session in [name for name, used_s in self._used_s.items() if now_s - used_s > self._ttl_s]:
            self.drop(session)
