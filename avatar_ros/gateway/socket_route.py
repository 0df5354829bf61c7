"""The socket of a page: reads into the stage, writes what the stage has for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .page_connection import Allowed, PageConnection
from .refusal import BAD_FRAME, TOO_MUCH, TOO_SLOW, RefusalError
from .sent_frames import Frame

if TYPE_CHECKING:
    from fastapi import WebSocket

    from .stage import GatewayStage

#: The first frame must be hello, and come within this time; a page that sends nothing for so long is gone.
HELLO_S, SILENT_S = 5.0, 30.0
_LONGEST_PING = 200


class SocketKind(NamedTuple):
    """inbox: takes its frames; silent_s: one that sends nothing for so long is gone, None: it may be silent."""

    inbox: Callable[[PageConnection, Frame | None], None]
    allowed: Allowed
    silent_s: float | None


class Sockets:
    """All sockets of pages, or those of programs; at most `most` at a time, `most_of_one` of one address."""

    def __init__(self, stage: GatewayStage, kind: SocketKind, most: int = 400, most_of_one: int = 40) -> None:
        self._stage = stage
        self._kind = kind
        self._most, self._most_of_one = most, most_of_one
        self._open: dict[str, int] = {}

    async def serve(self, socket: WebSocket) -> None:
        """From the handshake to the end."""
        address = socket.scope["avatar_address"]
        await socket.accept()
        if sum(self._open.values()) >= self._most or self._open.get(address, 0) >= self._most_of_one:
            await socket.close(TOO_MUCH, "too many sockets")
            return
        self._open[address] = self._open.get(address, 0) + 1
        connection = PageConnection(address, self._kind.inbox, time.monotonic(), self._kind.allowed)
        writer = asyncio.create_task(self._write(socket, connection))
        try:
            await self._read(socket, connection)
        except RefusalError as error:
            connection.close(error.close_code, str(error))
            await _finished(writer)
        finally:
            connection.gone()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _read(self, socket: WebSocket, connection: PageConnection) -> None:
        while True:
            patience_s = self._kind.silent_s if connection.greeted else HELLO_S
            try:
                message = await asyncio.wait_for(socket.receive(), patience_s)
            except TimeoutError:
                code, why = (TOO_SLOW, "silent") if connection.greeted else (BAD_FRAME, "hello did not come")
                raise RefusalError("silent", why, code) from None
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            if text is not None and (answer := self._pong(text)) is not None:
                connection.send(answer)
                continue
            now_s = time.monotonic()
            connection.received(text if text is not None else message["bytes"], now_s)
            connection.greeted = True

    def _pong(self, text: str) -> str | None:
        """A ping is answered here, at once: it measures the way, not the stage."""
        if len(text) > _LONGEST_PING or '"ping"' not in text:
            return None
        try:
            fields: Any = json.loads(text)
        except ValueError:
            return None
        if not isinstance(fields, dict) or fields.get("kind") != "ping":
            return None
        return json.dumps({"kind": "pong", "t": fields.get("t"), "now_s": time.monotonic() - self._stage.origin_s})

    async def _write(self, socket: WebSocket, connection: PageConnection) -> None:
        while True:
            got = await connection.next()
            if isinstance(got, tuple):
                with contextlib.suppress(RuntimeError):  # it has closed meanwhile
                    await socket.close(*got)
                return
            for frame in got:
                await _send(socket, frame)


async def _send(socket: WebSocket, frame: str | bytes) -> None:
    if isinstance(frame, bytes):
        await socket.send_bytes(frame)
    else:
        await socket.send_text(frame)


async def _finished(writer: asyncio.Task[None]) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(writer), 2.0)
