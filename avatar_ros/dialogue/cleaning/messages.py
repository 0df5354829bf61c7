"""Skips what others are made to say, and what is said to others: roles, channels, ends of turns."""

from __future__ import annotations

from .markers import Marker, Says
from .speech import Speech

_MOST_HEADER = 200
_SPOKEN_CHANNELS = frozenset(("", "final", "assistant", "response"))
_OUR_ROLES = frozenset(("", "assistant", "model", "ai", "bot", "gpt", "chatbot", "avatar"))


class Messages(Speech):
    """A header is read up to its end; then it is known whether its message is for people."""

    def __init__(self) -> None:
        super().__init__()
        self._header = ""  # role, "|", channel
        self._by_line = self._harmony = self._struck = False

    def _end_message(self, marker: Marker) -> None:
        if marker.name == "s" and self._struck:  # HTML's <s>, struck through
            self._struck = False
        elif marker.says is Says.MESSAGE_END and self._harmony:
            self._inside, self._by_line = "message", False
        elif self._spoke:
            self._inside = "all"

    def _begin_header(self, marker: Marker) -> None:
        self._inside = "header"
        self._harmony = self._harmony or marker.name == "channel"
        self._header = "|" if marker.name == "channel" else ""
        self._by_line = marker.name in ("im", "turn")

    def _skip_header(self, text: str, at: int, last: bool, out: list[str]) -> int:
        marker, end = self._next_marker(text, at, last)
        line_ends = self._by_line and marker is None and text[end - 1 : end] == "\n"
        if marker is None:
            self._header = (self._header + text[at : end - line_ends])[:_MOST_HEADER]
        if line_ends or (marker and marker.says is Says.HEADER_END):
            self._end_header()
        elif marker and marker.says is Says.HEADER:
            self._header = self._header.partition("|")[0] + "|" if marker.name == "channel" else ""
            self._harmony = self._harmony or marker.name == "channel"
        return marker.end if marker else end

    def _end_header(self) -> None:
        role, _, channel = (part.strip().lower() for part in self._header.partition("|"))
        ours = role.split(" ")[0].strip(":") in _OUR_ROLES
        spoken = ours and channel.split(" ")[0] in _SPOKEN_CHANNELS and "to=" not in self._header
        self._inside = "" if spoken else "all" if self._spoke and not ours else "message"
        self._by_line, self._before = False, "\n"

    def _skip_message(self, text: str, at: int, last: bool, out: list[str]) -> int:
        marker, end = self._next_marker(text, at, last)
        if self._by_line and marker is None and text[end - 1 : end] == "\n":
            self._inside, self._before = "", "\n"
        elif marker and marker.says is Says.OURS:
            self._inside = ""
        elif marker and marker.says is Says.HEADER:
            self._begin_header(marker)
        return marker.end if marker else end
