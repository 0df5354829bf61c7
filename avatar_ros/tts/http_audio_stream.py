"""A POST whose answer is streamed sound, with the standard library alone. Every failure is a TtsError with a code."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, urlsplit

from ..core.errors import TtsError
from ..core.retry_after import retry_after_s
from .base import BusyError
from .cancel_token import CancelToken
from .connection_pool import Connections, connect

_PIECE_BYTES = 4096


class _StaleError(Exception):
    """A kept connection turned out to be closed before the answer began."""


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    first_timeout_s: float,
    gap_timeout_s: float,
    stop: CancelToken | None = None,
    connections: Connections | None = None,
) -> Iterator[bytes]:
    """Pieces of the answer as they come. The connection is closed when the iterator is, or when `stop` is cancelled.

    connections: where it comes from and goes to where the answer was read to its end.
    """
    parts = urlsplit(url)
    ask = _Ask(parts, headers, body, first_timeout_s, gap_timeout_s, stop or CancelToken(), connections)
    started_s = time.monotonic()
    try:
        kept = connections.acquire(parts) if connections else None
        if kept is not None:
            with suppress(_StaleError):
                yield from ask.over(kept, kept=True)
                return
        yield from ask.over(connect(parts, first_timeout_s), kept=False)
    except TimeoutError as error:
        waited_s = time.monotonic() - started_s
        raise TtsError(
            "tts_timeout", f"the voice service was silent for too long ({waited_s:.1f} s)", retryable=True
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a header or address that is none
        raise TtsError(
            "tts_down", f"the voice service at {parts.netloc} fails: {_cause(error)}", retryable=True
        ) from error


@dataclass(frozen=True)
class _Ask:
    """One request, which may have to be sent twice."""

    parts: SplitResult
    headers: Mapping[str, str]
    body: bytes
    first_timeout_s: float
    gap_timeout_s: float
    stop: CancelToken
    connections: Connections | None

    def over(self, connection: http.client.HTTPConnection, *, kept: bool) -> Iterator[bytes]:
        """Pieces of the answer. Raises _StaleError where a `kept` connection was closed by the other side."""
        # the connection forgets its socket where the server says that it will close it, and sound still comes
        sock, whole = connection.sock, False
        try:
            with self.stop.on_cancel(partial(_hang_up, sock)):
                if self.stop.cancelled:
                    return
                answer = self._answer(connection, sock, kept=kept)
                yield from _pieces(answer, sock, self.gap_timeout_s)
                whole = answer.isclosed() and not answer.will_close
        finally:
            if whole and self.connections is not None and not self.stop.cancelled:
                self.connections.release(self.parts, connection)
            else:
                connection.close()

    def _answer(
        self, connection: http.client.HTTPConnection, sock: socket.socket, *, kept: bool
    ) -> http.client.HTTPResponse:
        sock.settimeout(self.first_timeout_s)
        target = self.parts.path + ("?" + self.parts.query if self.parts.query else "")
        try:
            connection.request("POST", target, self.body, dict(self.headers))
            return connection.getresponse()
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            if kept and not self.stop.cancelled:
                raise _StaleError from error
            raise


def _pieces(answer: http.client.HTTPResponse, sock: socket.socket, gap_timeout_s: float) -> Iterator[bytes]:
    _check(answer)
    while piece := answer.read1(_PIECE_BYTES):
        yield piece
        if not answer.isclosed():
            sock.settimeout(gap_timeout_s)
    if answer.length:  # read1 says nothing of a connection that was cut
        raise TtsError("tts_cut", f"the voice service broke off, {answer.length} bytes early", retryable=True)
    answer.close()  # of a known length: it does not know by itself that it is over


def _hang_up(sock: socket.socket) -> None:
    """End what waits for the other side."""
    with suppress(OSError):  # it ended by itself
        sock.shutdown(socket.SHUT_RDWR)


def _cause(error: Exception) -> str:
    """What the system says; what the service or a library says may quote the key or the text."""
    said = error.strerror if isinstance(error, OSError) else ""
    return f"{type(error).__name__}{f' ({said})' if said else ''}"


def _check(answer: http.client.HTTPResponse) -> None:
    # what the service says may quote the key or the text: it is not shown
    if answer.status == 200:
        # not text/html, as which some servers send sound; a page begins with "<", by which it is known
        if answer.getheader("Content-Type", "").startswith(("text/plain", "application/json")):
            raise TtsError("tts_reply", "the service sent text instead of sound; check url and model", retryable=True)
        return
    if answer.status in (401, 403):
        raise TtsError("tts_key", f"the voice service refuses the API key ({answer.status})")
    if answer.status in (429, 503):
        headers = {name.lower(): value for name, value in answer.getheaders()}
        raise BusyError(f"the voice service is busy ({answer.status})", retry_after_s(headers))
    raise TtsError("tts_refused", f"the voice service answered {answer.status}", retryable=answer.status >= 500)
