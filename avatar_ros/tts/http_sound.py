"""A POST whose answer is streamed sound, with the standard library alone. Every failure is a TtsError with a code."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ..core.errors import ConfigError, TtsError

_PIECE_BYTES = 4096


def check_url(url: str) -> None:
    """Raises ConfigError for what is no http address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("tts_url", f"parameter 'url' is '{url}'; it must be like http://host:port/path")


def post(
    url: str, headers: Mapping[str, str], body: bytes, first_timeout_s: float, gap_timeout_s: float
) -> Iterator[bytes]:
    """Pieces of the answer as they come. The whole connection is closed when the iterator is."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=first_timeout_s)
    started_s = time.monotonic()
    try:
        connection.request("POST", parts.path + ("?" + parts.query if parts.query else ""), body, dict(headers))
        answer = connection.getresponse()
        _check(answer)
        while piece := answer.read1(_PIECE_BYTES):
            yield piece
            if connection.sock is not None:
                connection.sock.settimeout(gap_timeout_s)
        if answer.length:  # read1 says nothing of a connection that was cut
            raise TtsError("tts_cut", f"the voice service broke off, {answer.length} bytes early", retryable=True)
    except TimeoutError as error:
        waited_s = time.monotonic() - started_s
        raise TtsError(
            "tts_timeout", f"the voice service was silent for too long ({waited_s:.1f} s)", retryable=True
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise TtsError("tts_down", f"the voice service at {parts.netloc} fails: {error!r}", retryable=True) from error
    finally:
        connection.close()


def _check(answer: http.client.HTTPResponse) -> None:
    if answer.status == 200:
        return
    # the body may quote the key or the text: it is not shown
    if answer.status in (401, 403):
        raise TtsError("tts_key", f"the voice service refuses the API key ({answer.status})")
    if answer.status == 429:
        after = answer.headers.get("Retry-After", "")
        raise TtsError("tts_busy", f"the voice service is busy (429, Retry-After '{after}')", retryable=True)
    raise TtsError(
        "tts_refused", f"the voice service answered {answer.status} {answer.reason}", retryable=answer.status >= 500
    )
