"""Progress of /generate as server-sent events, and the results until they are fetched."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .generator import FailedError

#: A result that nobody fetches is kept so long, s; of all of them so many bytes.
KEPT_S, KEPT_BYTES = 300.0, 128 << 20
#: Without news a line is sent this often, so that proxies keep the connection, s.
_ALIVE_S = 10.0
EVENT_STREAM = "text/event-stream"


class Result(NamedTuple):
    """data of this media type; kept until until_s."""

    data: bytes
    kind: str
    until_s: float


@dataclass
class ResultShelf:
    """Results by unguessable names. Told the time."""

    most_bytes: int = KEPT_BYTES
    _kept: OrderedDict[str, Result] = field(default_factory=OrderedDict)

    def put(self, data: bytes, kind: str, now_s: float) -> str:
        """Keep it; its name. The oldest give way."""
        self._clean(now_s)
        name = secrets.token_urlsafe(16)
        self._kept[name] = Result(data, kind, now_s + KEPT_S)
        while len(self._kept) > 1 and sum(len(one.data) for one in self._kept.values()) > self.most_bytes:
            self._kept.popitem(last=False)
        return name

    def get(self, name: str, now_s: float) -> Result | None:
        """None where it is not kept, or not any more."""
        self._clean(now_s)
        return self._kept.get(name)

    def _clean(self, now_s: float) -> None:
        for name in [name for name, one in self._kept.items() if one.until_s <= now_s]:
            del self._kept[name]


class JobProgress:
    """What a job tells from its own thread, for the loop that it was made on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    def tell(self, done: int, total: int) -> None:
        """So many frames of so many are drawn. From any thread."""
        self._loop.call_soon_threadsafe(self._news.put_nowait, (done, total))

    async def events(
        self, future: Future[bytes], keep: Callable[[bytes], dict[str, Any]], failed: Callable[[FailedError], int]
    ) -> AsyncIterator[str]:
        """`progress` {done, total}, then `done` {what `keep` tells} or `error` {status, error}."""
        finished = asyncio.wrap_future(future)
        yield _event("accepted", {})
        while not finished.done():
            news = asyncio.create_task(self._news.get())
            waited: set[asyncio.Future[Any]] = {news, finished}
            await asyncio.wait(waited, timeout=_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                done, total = news.result()
                yield _event("progress", {"done": done, "total": total})
            else:
                news.cancel()
                yield ": \n\n"
        try:
            told = keep(finished.result())
        except FailedError as error:
            yield _event("error", {"status": failed(error), "error": str(error)})
            return
        yield _event("done", told)


def _event(name: str, fields: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(fields)}\n\n"


def now_s() -> float:
    """The shelf's time."""
    return time.monotonic()
