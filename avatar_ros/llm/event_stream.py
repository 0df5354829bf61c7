"""Takes the objects out of the body of an answer: server-sent events, lines of JSON, or one value of JSON.

https://html.spec.whatwg.org/multipage/server-sent-events.html, read as freely as services write it: comments, empty
events, any kind of line end, [DONE] with or without a space or an empty line.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from .service_errors import ServiceError, malformed

#: An event or a body longer than this is none, characters.
_MOST = 8_000_000
_LINE_END = re.compile(r"\r\n|\r|\n")
_FIELD = re.compile(r"(data|event|id|retry)(?::\s?|\s*$)")


class EventStream:
    """done: the service said that nothing more comes, or the body was one whole value."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._held: list[str] = []  # of a line of which the end has not come
        self._data: list[str] = []  # lines of an object of which the end has not come
        self._length = 0  # of both
        self._error = False
        self._kind = ""  # "events", or "values"
        self._values = 0
        self.done = False

    def feed(self, body: bytes) -> Iterator[dict[str, Any]]:
        """The objects that are complete. Raises ServiceError."""
        text = self._decoder.decode(body)
        self._length += len(text)
        if self._length > _MOST:
            raise malformed("an event without end")
        self._held.append(text)
        if not _LINE_END.search(text):
            return
        text = "".join(self._held)
        # a "\r" at the end may be half of a line end
        *lines, rest = _LINE_END.split(text.removesuffix("\r"))
        self._held = [rest + "\r" * text.endswith("\r")]
        for line in lines:
            yield from self._line(line)

    def finish(self) -> Iterator[dict[str, Any]]:
        """What the end of the body completes. Raises ServiceError."""
        yield from self._line("".join(self._held).rstrip("\r") + self._decoder.decode(b"", final=True))
        self._held = []
        yield from self._flush()
        self.done = self.done or (self._kind == "values" and self._values == 1)

    def _line(self, line: str) -> Iterator[dict[str, Any]]:
        if not self._kind and line.strip():
            self._kind = _kind(line.lstrip())
        if self._kind == "values":
            self._data.append(line)
            if len(self._data) == 1 and (not line.strip() or _parsed(line) is not None):
                yield from self._flush()
            return
        field = _FIELD.match(line)
        if not line.strip():
            yield from self._flush()
        elif field and field[1] == "event":
            self._error = "error" in line[field.end() :]
        elif field and field[1] == "data":
            yield from self._take(line[field.end() :])

    def _take(self, data: str) -> Iterator[dict[str, Any]]:
        if len(self._data) == 1 and _parsed(self._data[0]) is not None:
            yield from self._flush()  # events without an empty line between them
        if data.strip() == "[DONE]":
            yield from self._flush()
            self.done = True
        elif data.strip():
            self._data.append(data)

    def _flush(self) -> Iterator[dict[str, Any]]:
        """The object that the lines so far are, if there are any."""
        data, self._data, self._length = "\n".join(self._data), [], 0
        error, self._error = self._error, False
        if not data.strip():
            return
        value = _parsed(data)
        if value is None:
            raise malformed("what is no JSON")
        self._values += 1
        yield {"error": value, **value} if error else value


def _kind(line: str) -> str:
    if line[0] == "<":
        text = "the chat service's address gives a web page; check url, and whether the network wants a login first"
        raise ServiceError("llm_web_page", text)
    return "values" if line[0] in "{[" else "events"


def _parsed(data: str) -> dict[str, Any] | None:
    """An object; None for what is no JSON, or not yet. Raises ServiceError for a value that is no object."""
    if not data.rstrip().endswith(("}", "]", '"')) and not data.strip().isalnum():
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        raise malformed("a value that is no object")
    return value
