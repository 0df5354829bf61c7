"""Calls of tools that are written as JSON, without a marker."""

from __future__ import annotations

import re

from .scanner import shape

CALL = shape(r"(?:\[\s{0,9}+)?", r"\{", r"\s{0,9}+", "[\"']", r"(?P<key>\w{1,20}+)", "[\"']", r"\s{0,9}+", ":")
#: Kimi's: functions.get_hours:0{…}
FUNCTION = shape(
    "f", "u", "n", "c", "t", "i", "o", "n", "s", r"\.", r"\w[\w.-]{0,60}", r"(?::\d{0,3}+)?", r"\s{0,3}+",
    r"(?:j|js|jso|json)?", r"\s{0,3}+", r"\{",
)
_PART = re.compile(r"""[^"\\{}\[\]]+|\\|.""", re.DOTALL)


class Braces:
    """Finds the end of a value of JSON that comes in pieces."""

    KEYS = frozenset(
        """
        name function function_call tool tool_name tool_call tool_calls action recipient_name arguments parameters type
        """.split()
    )

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = self._escaped = False
        self.open = True

    def end(self, text: str, at: int) -> int:
        """Where in `text` it ends, or how far it goes on."""
        for part in _PART.finditer(text, at):
            self._take(part[0])
            if not self.open:
                return part.end()
        return len(text)

    def _take(self, part: str) -> None:
        if self._escaped:
            self._escaped = False
        elif part == "\\":
            self._escaped = self._quoted
        elif part == '"':
            self._quoted = not self._quoted
        elif not self._quoted and part in "{}[]":
            self._depth += 1 if part in "{[" else -1
            self.open = self._depth > 0
