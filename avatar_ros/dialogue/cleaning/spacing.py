"""The last step: one space between words, none left over by what was taken out, no shouting with punctuation."""

from __future__ import annotations

import re

from .marks import ANY, CELL, GONE

_TOKEN = re.compile(rf"[^\s{ANY}!?.,;:…%)\]\-]+|.", re.DOTALL)
_NO_SPACE_BEFORE = ",.!?;:%)]…。，、！？；：）」』】"
#: How often the same may stand in a row.
_REPEATS = {"!": 1, "?": 1, ",": 1, ";": 1, ".": 3, "-": 2, "…": 2}


class Spacing:
    """A space after a sentence is passed on at once, since the sentence ends with it; others wait for what follows."""

    def __init__(self) -> None:
        self._last = "\n"
        self._repeated = 1
        self._space = self._gone = self._cell = False

    def feed(self, text: str) -> str:
        """All but a space at the end."""
        return "".join(self._take(token) for token in _TOKEN.findall(text))

    def _take(self, token: str) -> str:
        if token == GONE:
            self._gone = True
        elif token == CELL:
            self._cell = True
        elif token > GONE:
            return token
        elif token == "\n":
            return self._new_line()
        elif token.isspace():
            return self._blank()
        else:
            return self._word(token)
        return ""

    def _new_line(self) -> str:
        new = self._last != "\n"
        self._last, self._space, self._gone, self._cell = "\n", False, False, False
        return "\n" if new else ""

    def _blank(self) -> str:
        if self._last in "\n ":
            return ""
        at_once = not self._cell and not self._last.isalnum() and self._last not in _REPEATS.keys() - set("!?.…")
        self._space = not at_once
        self._last = " " if at_once else self._last
        return " " if at_once else ""

    def _word(self, token: str) -> str:
        self._repeated = self._repeated + 1 if token == self._last and not self._space else 1
        if self._repeated > _REPEATS.get(token, self._repeated):
            return ""
        out = self._joint(token) + token
        self._last, self._space, self._gone, self._cell = token[-1], False, False, False
        return out

    def _joint(self, token: str) -> str:
        if self._cell and self._last not in "\n ":
            return ", " if self._last.isalnum() or self._last in ")%" else " "
        return " " if self._space and not (self._gone and token[0] in _NO_SPACE_BEFORE) else ""
