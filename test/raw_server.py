"""A server that sends what it is given, byte for byte; and how a client spoke to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PATIENCE_S = 30.0


@dataclass
class RawServer:
    """port; heads: first line of each request; body sent in pieces of `size` bytes; hold: then the connection stays."""

    body: bytes = b""
    headers: str = "Content-Type: text/event-stream"
    status: str = "200 OK"
    size: int = 1 << 20
    hold: bool = False
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE_S)
            try:
                head, _, rest = self._until(connection, b"\r\n\r\n")
                name = b"content-length:"
                lines = head.lower().split(b"\r\n")
                length = next((int(line.removeprefix(name)) for line in lines if line.startswith(name)), 0)
                while len(rest) < length:
                    rest += connection.recv(65536)
                self.heads.append(head.split(b"\r\n")[0])
                if head.startswith(b"GET"):
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    return
                connection.sendall(f"HTTP/1.1 {self.status}\r\n{self.headers}\r\nConnection: close\r\n\r\n".encode())
                for at in range(0, len(self.body), self.size):
                    connection.sendall(self.body[at : at + self.size])
                if self.hold:
                    self.closing.wait(PATIENCE_S)
            except OSError:
                return

    @staticmethod
    def _until(connection: socket.socket, end: bytes) -> tuple[bytes, bytes, bytes]:
        data = b""
        while end not in data:
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionAbortedError("the client hung up")
            data += piece
        return data.partition(end)


@contextmanager
def raw_server(body: bytes = b"", **how: object) -> Iterator[RawServer]:
    server = RawServer(body, **how)  # type: ignore[arg-type]
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        listener.close()
