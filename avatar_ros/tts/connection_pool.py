"""Connections to a voice service that stay open between sentences: new ones cost the first sound their handshakes."""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from urllib.parse import SplitResult, unquote, urlsplit

from ..core.errors import TtsError
from .service_url import usable_proxy

#: Services and load balancers close idle connections from 60 s on (nginx: 75 s).
KEEP_S = 50.0
#: Idle connections: as many as sentences are asked for at once by a few visitors.
_MOST = 4

_Key = tuple[str, str]
#: Address, since when it is idle, the connection.
_Idle = tuple[_Key, float, http.client.HTTPConnection]


def connect(address: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    """A new one; timeout_s goes for each wait. Raises OSError, http.client.HTTPException, ValueError, TtsError."""
    make = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = make(address.hostname or "", address.port, timeout=timeout_s)
    # plain http goes straight, as it always did: such services stand in the house
    if address.scheme == "https" and (proxy := usable_proxy(address.geturl())):
        at = urlsplit(proxy)
        key = base64.b64encode(f"{unquote(at.username)}:{unquote(at.password or '')}".encode()) if at.username else b""
        login = {"Proxy-Authorization": f"Basic {key.decode()}"} if key else {}
        connection = make(at.hostname or "", at.port or 80, timeout=timeout_s)
        connection.set_tunnel(address.hostname or "", address.port, login)
    connection.connect()
    return connection


class Connections:
    """Idle connections. Any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        self._connecting = self._closed = False

    def acquire(self, address: SplitResult) -> http.client.HTTPConnection | None:
        """The one to this address that was used last, if it still stands; otherwise None."""
        kept = self._pop(address)
        return kept[2] if kept else None

    def expect(self, url: str, timeout_s: float) -> None:
        """Have one ready, made on a thread of its own, where there is none. A failure means nothing yet."""
        address = urlsplit(url)
        kept = self._pop(address)
        with self._lock:
            if kept is not None and not self._closed:
                self._idle.append(kept)
                return
            busy, self._connecting = self._connecting, True
        if not busy:
            work = partial(self._make_ready, address, timeout_s)
            threading.Thread(target=work, name="tts connects", daemon=True).start()

    def _make_ready(self, address: SplitResult, timeout_s: float) -> None:
        try:
            with suppress(OSError, http.client.HTTPException, ValueError, TtsError):
                self.release(address, connect(address, timeout_s))
        finally:
            with self._lock:
                self._connecting = False

    def release(self, address: SplitResult, connection: http.client.HTTPConnection) -> None:
        """Give one back whose answer was read to the end."""
        self._drop_old()
        with self._lock:
            self._idle.append((_key(address), self._now(), connection))
            surplus = max(0, len(self._idle) - (0 if self._closed else _MOST))
            dropped, self._idle = self._idle[:surplus], self._idle[surplus:]
        for _, _, old in dropped:
            old.close()

    def close(self) -> None:
        """Close the idle ones, from now on."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._closed = True
        for _, _, connection in idle:
            connection.close()

    def _pop(self, address: SplitResult) -> _Idle | None:
        self._drop_old()
        with self._lock:
            mine = [kept for kept in self._idle if kept[0] == _key(address)]
            while mine:
                newest = mine.pop()
                self._idle.remove(newest)
                if _stands(newest[2]):
                    return newest
                newest[2].close()
        return None

    def _drop_old(self) -> None:
        with self._lock:
            old = [kept for kept in self._idle if self._now() - kept[1] > KEEP_S]
            self._idle = [kept for kept in self._idle if kept not in old]
        for _, _, connection in old:
            connection.close()


def _key(address: SplitResult) -> _Key:
    return (address.scheme, address.netloc)


def _stands(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has not said anything meanwhile: what it says unasked is goodbye.

    Not so TLS 1.3's tickets, which follow the handshake (RFC 8446, 4.6.1): reading takes them in.
    """
    if connection.sock is None:
        return False
    try:
        connection.sock.settimeout(0.0)
        connection.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False
