"""Emphasis (*, **, _, ~~, ==), whose words stay, and stage directions, which go."""

from __future__ import annotations

import re

from .directions import first_word, is_direction, may_begin
from .inline import Inline
from .scanner import wait_if

_LONGEST_RUN = 40
_SOURCES = frozenset("source sources quelle quellen fuente fuentes fonte 来源 出典".split())
#: Longest text in stars, and in round brackets, that may be a direction or a source.
_STARRED = {star: re.compile(rf"[^{re.escape(star)}\n]{{0,80}}+") for star in "*_"}
_CITATIONS = re.compile(r"(?:\[\^?\d{1,3}\][,;\s]*)+")
_BRACKETED = re.compile(r"[^()（）\n]{0,200}+")


class Emphasis(Inline):
    """Which signs are markup is decided by what stands around them: "2 * 3" and "snake_case" stay."""

    def __init__(self) -> None:
        super().__init__()
        self._open: set[str] = set()

    def _emphasis(self, text: str, at: int, last: bool, out: list[str]) -> int:
        sign_, end = text[at], at
        while end < len(text) and end < at + _LONGEST_RUN and text[end] == sign_:
            end += 1
        if end == at + _LONGEST_RUN:  # a rule in the middle of a line
            return self._take_out(out, end)
        wait_if(end == len(text) and not last)
        run, after = text[at:end], text[end : end + 1] or "\n"
        single = len(run) == 1
        if single and sign_ in "*_" and (stop := self._direction(text, at, last)):
            return self._take_out(out, stop)
        if sign_ in "~=" and len(run) != 2:
            return self._give(run, out, end)
        if not self._marks_up(run, after, single):
            return self._give(run, out, end)
        self._open ^= {run}
        return self._take_out(out, end)

    def _marks_up(self, run: str, after: str, single: bool) -> bool:
        before = self._before
        if before.isspace() and after.isspace():
            return not single and run[0] in "*_"
        if before.isalnum() and after.isalnum():
            return run[0] == "*" and (not single or run in self._open)
        closes = not before.isspace() and (before.isalnum() or after.isspace())
        return not closes or run in self._open or (not single and run[0] in "*~")

    def _direction(self, text: str, at: int, last: bool) -> int:
        """The end of the stage direction that begins here, or 0."""
        if self._before.isalnum() or text[at + 1 : at + 2].isspace():
            return 0
        body = _STARRED[text[at]].match(text, at + 1)
        assert body is not None
        end, word = body.end(), first_word(body[0])
        open_ = end == len(text) and not last
        wait_if(open_ and word == body[0].lower())
        alone = self._sentence_end
        if not may_begin(word, stars=True, alone=alone):
            return 0
        wait_if(open_ or (text[end : end + 1] == text[at] and end + 3 > len(text) and not last))
        if text[end : end + 1] != text[at]:
            return 0
        return end + 1 if is_direction(body[0], stars=True, alone=alone, after=text[end + 1 : end + 3]) else 0

    def _aside(self, text: str, at: int, last: bool, out: list[str]) -> int:
        """Round brackets: a direction, or a source."""
        close = ")" if text[at] == "(" else "）"
        body = _BRACKETED.match(text, at + 1)
        assert body is not None
        end, word = body.end(), first_word(body[0])
        open_ = end == len(text) and not last
        begins = body[0].startswith("[") or word in _SOURCES or may_begin(word, stars=False, alone=False)
        wait_if(open_ and (begins or word == body[0].lower()))
        source = word in _SOURCES and body[0][len(word) :].lstrip()[:1] in (":", "：")
        source = source or bool(_CITATIONS.fullmatch(body[0]))
        if text[end : end + 1] == close and (source or is_direction(body[0], stars=False, alone=False, after="")):
            return self._take_out(out, end + 1)
        return self._give(text[at], out, at + 1)
