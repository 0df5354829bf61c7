"""A real HTTP server on 127.0.0.1 that speaks OpenAI's chat completions, and fails as it is told.

Each request is served by the next act of the script (the last one again when they are used up). A request that hangs
does so until the client has gone or the server is closed.
"""

from __future__ import annotations

import json
import queue
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Longest wait for something that takes milliseconds.
PATIENCE_S = 30.0


@dataclass
class Request:
    """What a client sent."""

    path: str
    authorization: str
    body: dict[str, Any]
    connection: int  # number of the client's port: the same for requests on one connection


@dataclass
class ChatServer:
    """url: for the parameter of that name; requests: as they come; gone: an entry a client that hung up early; greeted:
    the connection (as Request's) of each question for the models.
    """

    url: str
    script: list[Act]
    requests: queue.Queue[Request] = field(default_factory=queue.Queue)
    gone: queue.Queue[str] = field(default_factory=queue.Queue)
    greeted: queue.Queue[int] = field(default_factory=queue.Queue)
    closing: threading.Event = field(default_factory=threading.Event)

    def next_act(self) -> Act:
        """The act for the request at hand."""
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class Exchange:
    """One request being served: what an act can do."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: ChatServer, request: Request) -> None:
        self._handler = handler
        self._server = server
        self.request = request

    def begin(self) -> None:
        """Status 200 and the headers of an event stream."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

    def event(self, data: str) -> None:
        """One server-sent event."""
        payload = f"data: {data}\n\n".encode()
        self._handler.wfile.write(f"{len(payload):x}\r\n".encode() + payload + b"\r\n")
        self._handler.wfile.flush()

    def piece(self, text: str | None, reason: str | None = None) -> None:
        """A chunk of the answer."""
        delta = {} if text is None else {"content": text}
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        self.event(json.dumps({"id": "x", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}))

    def end(self, done: bool = True) -> None:
        """[DONE], and the end of the body."""
        if done:
            self.event("[DONE]")
        self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def hang(self) -> None:
        """Send nothing until the client hangs up."""
        connection = self._handler.connection
        while not self._server.closing.is_set():
            if select.select([connection], [], [], 0.05)[0] and not connection.recv(1, socket.MSG_PEEK):
                raise ConnectionAbortedError("the client hung up")
        self.cut()

    def cut(self) -> None:
        """Close the connection in the middle."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self, status: int, code: str, headers: dict[str, str]) -> None:
        """An error in OpenAI's format; its message repeats the key, as some services do."""
        message = f"no. you sent {self.request.authorization} and {json.dumps(self.request.body)[-200:]}"
        body = json.dumps({"error": {"message": message, "type": "some_error", "code": code}}).encode()
        self._handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(body)


Act = Callable[[Exchange], None]


def answer(*pieces: str, reason: str | None = "stop", done: bool = True) -> Act:
    """A whole answer."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        exchange.piece("")  # OpenAI's first chunk holds the role and no text
        for piece in pieces:
            exchange.piece(piece)
        if reason:
            exchange.piece(None, reason)
        exchange.end(done)

    return act


def then(pieces: Iterable[str], last: Act) -> Act:
    """Some pieces, then something else: hang, cut, or an odd event."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        for piece in pieces:
            exchange.piece(piece)
        last(exchange)

    return act


def refusal(status: int, code: str = "", **headers: str) -> Act:
    """An error status; header names with _ for -."""
    return lambda exchange: exchange.refuse(status, code, {k.replace("_", "-"): v for k, v in headers.items()})


def event(data: str) -> Act:
    """An event as it stands, then the end."""

    def act(exchange: Exchange) -> None:
        exchange.event(data)
        exchange.end()

    return act


@contextmanager
def chat_server(*script: Act, port: int = 0) -> Iterator[ChatServer]:
    """Serve on `port` of 127.0.0.1, a free one if 0, until the block ends."""
    server = ChatServer("", list(script))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each piece waits 40 ms for the acknowledgement of the one before

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = Request(self.path, self.headers.get("Authorization", ""), body, self.client_address[1])
            server.requests.put(request)
            try:
                server.next_act()(Exchange(self, server, request))
            except OSError:
                self.close_connection = True
                server.gone.put(self.path)

        def do_GET(self) -> None:
            server.greeted.put(self.client_address[1])
            body = b'{"object": "list", "data": []}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http.shutdown()
        http.server_close()
        thread.join(PATIENCE_S)
