"""Skips what is not language: code between fences, calls of tools as JSON, comments of HTML."""

from __future__ import annotations

import re

from .json_calls import CALL, FUNCTION, Braces
from .marks import GONE
from .scanner import UndecidedError, wait_if
from .speech import Speech

_FENCE = re.compile(r"`{1,64}+|~{1,64}+")
_COMMENT_END = "-->"


class Foreign(Speech):
    """What is never closed goes on to the end of the text."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks = ""
        self._braces = Braces()

    def _call(self, text: str, at: int, last: bool) -> int:
        """Where the braces of a call begin that stands here, or -1."""
        if text[at] in "{[" and (call := CALL.at(text, at, last)) and call["key"] in Braces.KEYS:
            return at
        if text[at] == "f" and not self._before.isalnum() and (function := FUNCTION.at(text, at, last)):
            return function.end() - 1
        return -1

    def _skip_braces(self, text: str, at: int, last: bool, out: list[str]) -> int:
        end = self._braces.end(text, at)
        self._inside = "braces" if self._braces.open else ""
        return end

    def _fence(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = _FENCE.match(text, at)
        assert found is not None
        wait_if(found.end() == len(text) and not last)
        if len(found[0]) < 3 or (found[0][0] == "~" and self._before != "\n"):
            self._in_code ^= found[0][0] == "`"
            self._say(found[0], out)
        else:
            self._inside, self._ticks = "fence", found[0]
        return found.end()

    def _skip_fence(self, text: str, at: int, last: bool, out: list[str]) -> int:
        start = text.find(self._ticks[0], at)
        if start < 0:
            return len(text)
        found = _FENCE.match(text, start)
        assert found is not None
        if found.end() == len(text) and not last:
            if start > at:
                return start
            raise UndecidedError
        if found[0].startswith(self._ticks):
            self._inside, self._before = "", " "
            out.append("\n" if "\n" in text[found.end() : found.end() + 1] else GONE)
        return found.end()

    def _skip_comment(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = text.find(_COMMENT_END, at)
        wait_if(found < 0 and not last and len(text) - at < len(_COMMENT_END))
        self._inside = "comment" if found < 0 else ""
        return found + len(_COMMENT_END) if found >= 0 else len(text) if last else len(text) - len(_COMMENT_END) + 1
