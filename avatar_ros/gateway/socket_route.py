"""The socket of a page: reads into the stage, writes what the stage has for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import WebSocketDisconnect

from .mic_ways import MakeRtcEar
from .page_connection import Allowed, PageConnection
from .rate_limit import TokenBucket
from .refusal import BAD_FRAME, TOO_MUCH, TOO_SLOW, RefusalError
from .rtc_messages import RtcOffer, read_rtc
from .sent_frames import Frame

if TYPE_CHECKING:
    from fastapi import WebSocket

    from .rtc_ear import RtcEar
    from .stage import GatewayStage

#: The first frame must be hello, and come within this time; a page that sends nothing for so long is gone.
HELLO_S, SILENT_S = 5.0, 30.0
_LONGEST_PING = 200
#: What sending raises where the browser is gone without a word, or a close was sent already: starlette's, uvicorn's.
_GONE = (WebSocketDisconnect, OSError, RuntimeError)
#: Offers of WebRTC that a page may make: each costs a handshake.
_OFFERS_PER_S, _OFFERS_AT_ONCE = 1 / 20, 4.0


class SocketKind(NamedTuple):
    """inbox: takes its frames; silent_s: one that sends nothing for so long is gone, None: it may be silent;
    make_rtc_ear: hears its microphone by WebRTC, None: it is not offered.
    """

    inbox: Callable[[PageConnection, Frame | None], None]
    allowed: Allowed
    silent_s: float | None
    make_rtc_ear: MakeRtcEar | None = None


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
        if not await _could(socket.accept()):
            return
        if sum(self._open.values()) >= self._most or self._open.get(address, 0) >= self._most_of_one:
            await _could(socket.close(TOO_MUCH, "too many sockets"))
            return
        self._open[address] = self._open.get(address, 0) + 1
        connection = PageConnection(address, self._kind.inbox, time.monotonic(), self._kind.allowed)
        writer = asyncio.create_task(self._write(socket, connection))
        signals = _Signals(connection, self._kind.make_rtc_ear, self._stage.origin_s)
        try:
            await self._read(socket, connection, signals)
        except RefusalError as error:
            connection.close(error.close_code, str(error))
            await _finished(writer)
        finally:
            await signals.close()
            connection.gone()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _read(self, socket: WebSocket, connection: PageConnection, signals: _Signals) -> None:
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
            if text is not None and connection.greeted and signals.take(text, now_s):
                continue
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
        while not isinstance(got := await connection.next(), tuple):
            for frame in got:
                sending = socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_text(frame)
                if not await _could(sending):
                    return  # what is read from it will say so, too
        await _could(socket.close(*got))


class _Signals:
    """What a page says about WebRTC: it is done here, by the loop, and the stage hears only the sound."""

    def __init__(self, connection: PageConnection, make: MakeRtcEar | None, origin_s: float) -> None:
        self._connection = connection
        self._make = make
        self._origin_s = origin_s
        self._offers = TokenBucket(_OFFERS_PER_S, _OFFERS_AT_ONCE)
        self._ear: RtcEar | None = None

    def take(self, text: str, now_s: float) -> bool:
        """Whether it was such a frame. Raises RefusalError."""
        if self._make is None or (message := read_rtc(text)) is None:
            return False
        self._connection.admit(text, now_s, len(text))
        if isinstance(message, RtcOffer) and not self._offers.take(1.0, now_s):
            raise RefusalError("too_much", "more offers than a page has to make", TOO_MUCH)
        if self._ear is None:
            self._ear = self._make(self._connection, self._origin_s)
        self._ear.signal(message)
        return True

    async def close(self) -> None:
        if self._ear is not None:
            await self._ear.close()


async def _could(sending: Coroutine[Any, Any, None]) -> bool:
    """Send; False where nobody is there any more."""
    try:
        await sending
    except _GONE:
        return False
    return True


async def _finished(writer: asyncio.Task[None]) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(writer), 2.0)
