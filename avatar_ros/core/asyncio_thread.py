"""An asyncio loop on a thread of its own, for a stage that may not wait."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

_STOP_TIMEOUT_S = 1.0
_GOODBYE_S = 0.5


class AsyncioThread:
    """Runs coroutines; cancelling the Future of one cancels it there at once. Nothing of it outlives the process."""

    def __init__(self, name: str) -> None:
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Begin `work`, from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what runs, do `last`, end the thread; bounded in time."""
        try:
            self.submit(self._finish(last)).result(_STOP_TIMEOUT_S)
        except TimeoutError:
            return  # a daemon thread: it ends with the process
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_TIMEOUT_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _finish(self, last: Coroutine[Any, Any, None]) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await last
        await asyncio.get_running_loop().shutdown_asyncgens()


class _Loop(asyncio.SelectorEventLoop):
    """asyncio looks names up on a pool whose threads a process waits for at its end: with a dead name server that is
    many seconds after Ctrl-C. Here each look-up has a thread that ends with the process. And a TLS connection that is
    closed waits no more than a moment for the other side's goodbye; asyncio's own patience keeps it open for 30 s.
    """

    async def create_connection(self, *where: Any, **wanted: Any) -> Any:
        if wanted.get("ssl"):
            wanted.setdefault("ssl_shutdown_timeout", _GOODBYE_S)
        return await super().create_connection(*where, **wanted)

    async def getaddrinfo(self, host: Any, port: Any, **wanted: Any) -> Any:
        found: Future[Any] = Future()
        found.set_running_or_notify_cancel()  # a caller that cancels cannot take it from under the thread
        threading.Thread(target=_look_up, args=(found, host, port, wanted), name="name", daemon=True).start()
        return await asyncio.wrap_future(found, loop=self)


def _look_up(found: Future[Any], host: Any, port: Any, wanted: dict[str, Any]) -> None:
    try:
        found.set_result(socket.getaddrinfo(host, port, **wanted))
    except (OSError, ValueError) as error:  # UnicodeError, for names that are none, is a ValueError
        found.set_exception(error)
