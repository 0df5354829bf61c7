"""uvicorn's HTTP, less patient: whoever connects and does not ask, or asks by the letter, is not waited for."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: A request's head must be whole within this time, s.
HEAD_S = 10.0
#: Connections that have not asked anything yet, of all addresses together.
MOST_SILENT = 300


def guarded_http() -> type[H11Protocol]:
    """A protocol class of its own count of connections."""
    silent: set[Any] = set()

    class GuardedHttp(H11Protocol):
        """Closes a connection whose first request is not whole within HEAD_S."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(silent) >= MOST_SILENT:
                transport.abort()
                return
            silent.add(self)
            self._head_timer = asyncio.get_running_loop().call_later(HEAD_S, self._look)

        def handle_events(self) -> None:
            super().handle_events()
            if getattr(self, "cycle", None) is not None or self.transport.get_protocol() is not self:
                self._asked()

        def connection_lost(self, exc: Exception | None) -> None:
            self._asked()
            super().connection_lost(exc)

        def _asked(self) -> None:
            silent.discard(self)
            if (timer := getattr(self, "_head_timer", None)) is not None:
                timer.cancel()

        def _look(self) -> None:
            if self in silent:
                silent.discard(self)
                self.transport.abort()

    return GuardedHttp
