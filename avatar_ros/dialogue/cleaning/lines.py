"""Takes off what stands at the beginning of lines: headings, quotations, bullets, rules, tables, footnotes."""

from __future__ import annotations

import re

from .marks import ANY, CELL
from .scanner import Scanner, shape, wait_if

_LEAD = re.compile(rf"[ \t>|#*+=_~:•‣▪◦●○■□–—\-{ANY}]{{0,300}}+")
_LEAD_PART = re.compile(
    rf"[ \t]+|[•‣▪◦●○■□|]|>(?![\d=(:])|#{{1,6}}(?=[ \t])|[-*+–—](?=[ \t])|[-*_=~]{{2,}}(?=[ \t])|[{ANY}]"
)
_MARKS = re.compile(rf"[^{ANY}]")
_FOOTNOTE = shape(r"\[", r"\^", r"[^\]\n]{1,60}+", r"\]", ":")
_REFERENCE = shape(r"\[", r"[^\]\^\n][^\]\n]{0,60}", r"\]", ":", r"[ \t]{0,4}+", "<?", "h", "t", "t", "p")
_BODY = re.compile(r"[^\n|]+")


class Lines(Scanner):
    """Rows of a table become lines with CELL between their cells."""

    def __init__(self) -> None:
        super().__init__()
        self._begins = True
        self._table = self._dropped = False
        self._before = " "

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if self._begins:
            at = self._lead(text, at, last, out)
            if at == len(text):
                return at
        if text[at] == "\n":
            self._begins = True
            self._dropped = self._table = False
            out.append("\n")
            return at + 1
        if text[at] == "|" and not self._dropped:
            return self._bar(text, at, last, out)
        found = _BODY.match(text, at)
        end = found.end() if found else at + 1
        if not self._dropped:
            out.append(text[at:end])
        self._before = text[end - 1]
        return end

    def _lead(self, text: str, at: int, last: bool, out: list[str]) -> int:
        lead = _LEAD.match(text, at)
        assert lead is not None
        end = lead.end()
        wait_if(end == len(text) and not last)
        if end == len(text) or text[end] == "\n":
            out.append(_MARKS.sub("", lead[0]))
        else:
            self._dropped = bool(_FOOTNOTE.at(text, end, last) or _REFERENCE.at(text, end, last))
            out.append(_without_lead(lead[0]))
            self._begins, self._table, self._before = False, "|" in lead[0], " "
        return end

    def _bar(self, text: str, at: int, last: bool, out: list[str]) -> int:
        wait_if(at + 1 == len(text) and not last)
        alone = self._before.isspace() and text[at + 1 : at + 2].isspace()
        out.append(CELL if alone or (self._table and self._before != "\\") else "|")
        self._before = "|"
        return at + 1


def _without_lead(lead: str) -> str:
    marks, at = "", 0
    while at < len(lead) and (part := _LEAD_PART.match(lead, at)):
        marks += _MARKS.sub("", part[0])
        at = part.end()
    return marks + lead[at:]
