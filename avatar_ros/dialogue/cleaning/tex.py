"""Formulas of LaTeX within a text, and amounts of money, which look like the beginning of one."""

from __future__ import annotations

import re

from .formulas import read, sign
from .inline import Inline
from .marks import GONE
from .scanner import shape, wait_if

_TEX = {"(": "\\)", "[": "\\]"}
_ENVIRONMENT = shape("\\\\", "b", "e", "g", "i", "n", r"\{")
_COMMAND = shape(r"\\", r"(?P<name>[A-Za-z]{1,20}+)", r"(?s:.)")
_MONEY = re.compile(
    r"\$\d[\d.,]*+(?:[kKmMbB]\b)?(?:[.,;:!?)\]]*\s*\Z|[.,;:!?)\]]*\s+[^\W\d_]{2}|[)/–—-]|\+(?!\s*\w)|[.,;:!?]\s)"
)
_MONEY_BEGUN = re.compile(r"\$\d[\d.,]*+(?:[kKmMbB])?[.,;:!?)\]]*\s*[^\W\d_]?")
_DOLLARS = re.compile(r"\$(?!\s)([^$\n]{1,300}?)(?<![\s\\])\$(?!\d)")
_FORMULA = re.compile(r"[\\^_={}<>+*/|]|^\S{1,6}$")
_ESCAPED_CITATION = re.compile(r"\\\[\^?\d{1,3}(?:[,;–-]\s?\d{1,3})*\\\]")
_LONGEST_FORMULA = 2000
_LONGEST_DOLLARS = 200


class Tex(Inline):
    """Between $…$, $$…$$, \\(…\\), \\[…\\] and \begin…\\end; Markdown's backslashes too."""

    def _backslash(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if at + 1 == len(text):
            wait_if(not last)
            return self._give("", out, at + 1)
        follows = text[at + 1]
        if follows in _TEX:
            return self._formula(text, at, at + 2, _TEX[follows], last, out)
        if _ENVIRONMENT.at(text, at, last):
            return self._formula(text, at, at, "\\end{", last, out)
        if (command := _COMMAND.at(text, at, last)) and command[0][-1] == "{":
            return self._give("", out, command.end() - 1)
        if command and (known := sign(command["name"])):
            return self._give(known, out, command.end() - 1)
        if follows.isalnum() or follows.isspace():
            return self._take_out(out, at + 1)
        return self._give(follows, out, at + 2)

    def _formula(self, text: str, at: int, start: int, close: str, last: bool, out: list[str]) -> int:
        end = text.find(close, start, at + _LONGEST_FORMULA)
        if end < 0:
            wait_if(not last and len(text) - at < _LONGEST_FORMULA)
            return self._take_out(out, at + 2)
        stop = end + len(close)
        if _ESCAPED_CITATION.fullmatch(text, at, stop):  # Markdown's: "\\[1\\]" is not a link
            return self._take_out(out, stop)
        if close == "\\end{":
            brace = text.find("}", stop)
            wait_if(brace < 0 and not last and len(text) - stop < 40)
            stop = brace + 1 if 0 <= brace < stop + 40 else stop
        return self._give(read(text[start:end]) or GONE, out, stop)

    def _dollar(self, text: str, at: int, last: bool, out: list[str]) -> int:
        wait_if(at + 1 == len(text) and not last)
        if text.startswith("$$", at):
            return self._formula(text, at, at + 2, "$$", last, out)
        follows = text[at + 1 : at + 2]
        if not follows or follows.isspace():
            return self._give("$", out, at + 1)
        if follows.isdigit():
            wait_if(not last and _MONEY_BEGUN.fullmatch(text, at))
            if _MONEY.match(text, at):
                return self._give("$", out, at + 1)
        line_end = text.find("\n", at, at + _LONGEST_DOLLARS)
        window = text[at : line_end if line_end >= 0 else at + _LONGEST_DOLLARS]
        found = _DOLLARS.match(window)
        waits = line_end < 0 and len(window) < _LONGEST_DOLLARS and not last
        wait_if(waits and (found is None or found.end() == len(window)))
        if found is None or not _FORMULA.search(found[1]):
            return self._give("$", out, at + 1)
        return self._give(read(found[1]) or GONE, out, at + found.end())
