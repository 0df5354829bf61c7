"""Reads the body of an answer into a buffer: the library's own reading ends at the first oddity of a service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2

from ..core.wellformed import WellFormed
from .chunks import Chunk, read
from .event_stream import EventStream
from .service_errors import ServiceError
from .stream_buffer import StreamBuffer
from .tools.tool_calls import CallReader

#: Wait for what may follow the end of an answer (usage, [DONE]) before the connection is dropped, s.
TAIL_S = 1.0
#: An answer longer than this is none: something goes round in circles, characters.
_LONGEST_ANSWER = 100_000
#: What an answer that is none makes the library and its transport raise, besides the library's own errors.
MALFORMED = (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, ValueError, TypeError, AttributeError)


async def pass_on(body: AsyncIterator[bytes], buffer: StreamBuffer, key_variable: str) -> None:
    """Text into the buffer until the service says that it ends, then the rest of the body into nothing.

    Raises ServiceError, and what httpx2 raises.
    """
    events, text = EventStream(), _Text(buffer)
    async for piece in body:
        for value in events.feed(piece):
            text.take(read(value, key_variable))
        if events.done or buffer.ended:
            text.end()
            await _drain(body)
            return
    for value in events.finish():
        text.take(read(value, key_variable))
    text.end(None if events.done else ServiceError("llm_cut", "the chat service cut an answer off", retryable=True))


class _Text:
    """Puts an answer's text, and at its end the calls of tools, into the buffer."""

    def __init__(self, buffer: StreamBuffer) -> None:
        self._inbox = buffer
        self._characters = WellFormed()
        self._calls = CallReader()
        self._length = 0

    def take(self, chunk: Chunk) -> None:
        if not self._inbox.ended and (text := self._characters.feed(chunk.text)):
            self._length += len(text)
            self._inbox.put(text)
        for piece in () if self._inbox.ended else chunk.calls:
            self._calls.feed(piece)
            self._inbox.call_pieces += 1
        if chunk.ended:
            self.end(chunk.fault)
        elif self._length > _LONGEST_ANSWER:
            self.end(
                ServiceError("llm_too_long", f"an answer was longer than {_LONGEST_ANSWER} characters", lasting=False)
            )

    def end(self, fault: ServiceError | None = None) -> None:
        """Further calls change nothing."""
        if not self._inbox.ended and (rest := self._characters.finish()):
            self._inbox.put(rest)
        if fault is None and not self._inbox.ended:
            self._inbox.calls = self._calls.calls()
        self._inbox.end(fault)


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Read to the end, so that the connection can serve the next request."""
    try:
        async with asyncio.timeout(TAIL_S):
            async for _ in body:
                continue
    except (TimeoutError, *MALFORMED):
        return
