"""What was asked for and goes on meanwhile: it can be waited for, awaited, watched and cancelled."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from ..skills import goals

#: Results, by what was asked for: their fields stand in skills/goals.py and in action/*.action.
Said = goals.SayEnd
Heard = goals.ListenEnd
Answer = goals.AskEnd
Looked = goals.LookAtEnd
Gestured = goals.GestureEnd
Replied = goals.ChatEnd
Worn = goals.SetAvatarEnd

Result = TypeVar("Result")


class Task(Generic[Result]):
    """Of one goal. `await task` works in any asyncio program; `task.result()` in any other.

    news: the newest feedback; accepted_ns: wall clock at which skills_node took the goal, 0 until then.
    """

    def __init__(self, cancel: Callable[[], None], on_news: Callable[[Any], None] | None = None) -> None:
        self._future: concurrent.futures.Future[Result] = concurrent.futures.Future()
        self._cancel = cancel
        self._on_news = on_news
        self.news: Any = None
        self.accepted_ns = 0

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return self._future.done()

    def result(self, timeout_s: float | None = None) -> Result:
        """The result, once there is one. Raises TimeoutError; the task then goes on."""
        try:
            return self._future.result(timeout_s)
        except concurrent.futures.TimeoutError:
            raise TimeoutError(f"no result within {timeout_s} s") from None

    def cancel(self) -> None:
        """Want it no more; the result comes all the same, and tells what was done by then."""
        if not self.done:
            self._cancel()

    def __await__(self) -> Generator[Any, None, Result]:
        return asyncio.shield(asyncio.wrap_future(self._future)).__await__()

    # --- for who brings the news ------------------------------------------------------------------------------------

    def tell(self, news: Any) -> None:
        """How far it is; `news` is the newest."""
        self.news = news
        if self._on_news is not None and not self.done:
            self._on_news(news)

    def finish(self, result: Result) -> None:
        """The one result; later ones are none."""
        if not self._future.done():
            self._future.set_result(result)
