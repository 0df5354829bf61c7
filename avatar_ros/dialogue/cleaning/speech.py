"""What the steps of regions.py share: where one is, and what is said."""

from __future__ import annotations

import re

from ...core.spoken_text import speakable
from .markers import Marker, marker_at
from .marks import FORGET, UNSEEN
from .scanner import Scanner

_TRIGGER = re.compile(r"[<\[◁\n]")


class Speech(Scanner):
    """`_inside` is "", or names the method that skips what one is inside of."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = ""  # thought, mute, fence, braces, comment, header, message, all
        self._spoke = self._forget = self._in_code = False
        self._before = self._skipped = "\n"

    def _say(self, words: str, out: list[str]) -> None:
        out.append(self._said(words))
        self._in_code = self._in_code and words != "\n"
        if words.translate(UNSEEN).strip(" \t") or self._before != "\n":
            self._before = words[-1]

    def _said(self, words: str) -> str:
        self._spoke = self._spoke or speakable(words)
        first = words.lstrip()
        if not self._forget or not first:
            return words
        self._forget = False
        return words[: len(words) - len(first)] + FORGET + first

    def _next_marker(self, text: str, at: int, last: bool) -> tuple[Marker | None, int]:
        """The marker that stands here, or the end of what comes before the next that may be one."""
        marker = marker_at(text, at, last) if text[at] in "<[◁" and self._skipped != "`" else None
        found = _TRIGGER.search(text, at + (text[at] != "\n"))
        end = len(text) if found is None else found.end() if found[0] == "\n" else found.start()
        self._skipped = text[(marker.end if marker else end) - 1]
        return marker, end

    def _skip_all(self, text: str, at: int, last: bool, out: list[str]) -> int:
        return len(text)
