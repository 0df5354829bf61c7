"""Hostile sockets against a gateway: garbage, nothing, too much, too slowly, half a handshake, no reading; each from an
address of its own in the loopback network, again and again.

`python -m benchmarks.conversation.hostile_sockets PORT COUNT`: a process of its own, for who is measured beside it
must not share an event loop with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

_HELLO = '{"kind":"hello","protocol":1}'
_GIVEN_UP = (OSError, WebSocketException, TimeoutError, asyncio.IncompleteReadError)
#: Strangers have computers of their own: here they have what others leave.
_BEHIND = 10

Attack = Callable[[int, str], Coroutine[Any, Any, None]]


async def keep_up(port: int, sockets: int) -> None:
    """That many at a time, until it is ended."""
    attacks = list(ATTACKS.values())
    each = (_keep_up(attacks[i % len(attacks)], port, f"127.0.{1 + i // 20}.{1 + i % 20}") for i in range(sockets))
    await asyncio.gather(*each)


async def _keep_up(attack: Attack, port: int, address: str) -> None:
    """Again and again, as strangers do."""
    while True:
        with contextlib.suppress(*_GIVEN_UP):
            await attack(port, address)
        await asyncio.sleep(0.5)


async def _garbage(port: int, address: str) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws", local_addr=(address, 0), open_timeout=20) as socket:
        await socket.send(random.randbytes(2000))
        await socket.wait_closed()


async def _nothing(port: int, address: str) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws", local_addr=(address, 0), open_timeout=20) as socket:
        await socket.wait_closed()


async def _too_much(port: int, address: str) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws", local_addr=(address, 0), open_timeout=20) as socket:
        await socket.send(_HELLO)
        while True:
            await socket.send('{"kind":"interrupt"}')


async def _too_slowly(port: int, address: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    with contextlib.closing(writer):
        for letter in "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + "x" * 1000:
            writer.write(letter.encode())
            await writer.drain()
            await asyncio.sleep(0.5)


async def _half_a_handshake(port: int, address: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    with contextlib.closing(writer):
        writer.write(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        await writer.drain()
        await reader.read(1)


async def _no_reading(port: int, address: str) -> None:
    """Asks, and reads nothing of the answer."""
    async with connect(
        f"ws://127.0.0.1:{port}/ws", local_addr=(address, 0), max_queue=1, ping_interval=None, open_timeout=20
    ) as socket:
        await socket.send(_HELLO)
        await asyncio.sleep(60)


ATTACKS: dict[str, Attack] = {
    "garbage": _garbage,
    "nothing": _nothing,
    "too_much": _too_much,
    "too_slowly": _too_slowly,
    "half_a_handshake": _half_a_handshake,
    "no_reading": _no_reading,
}


if __name__ == "__main__":
    os.nice(_BEHIND)
    asyncio.run(keep_up(*map(int, sys.argv[1:])))
