"""Square brackets: links and images, whose text stays; citations, task boxes and stage directions, which go."""

from __future__ import annotations

import re

from .directions import first_word, may_begin
from .formulas import raised
from .inline import Inline
from .marks import GONE
from .scanner import shape, wait_if

_LINK_TEXT = r"(?:[^\[\]\n]|\[[^\[\]\n]{0,200}+\]){0,200}+"
_BRACKET = shape(r"\[", _LINK_TEXT, r"(?:\[[^\[\]\n]{0,200}+)?", r"\]", r"(?s:.)")
_TARGET = shape(
    r"\(",
    r"(?:[^()\s]|\([^()\s]{0,200}+\)){0,1000}+",
    r"(?:\([^()\s]{0,200}+)?",
    r"(?:\s{1,3}+\"[^\"\n]{0,200}+\"?)?",
    r"\s?",
    r"\)",
)
#: Pandoc's notes, "^[1]" and "^[A note.]", and what it raises, "x^2^".
_NOTE = shape(r"\^", r"\[", _LINK_TEXT, r"(?:\[[^\[\]\n]{0,200}+)?", r"\]")
_RAISED = shape(r"\^", r"[0-9n+-]{1,6}+", r"\^")
_REFERENCE = shape(r"\[", r"[^\[\]\n]{0,60}+", r"\]")
_NUMBERS = re.compile(r"[\^†]?\d{1,3}(?:\s?[,;–-]\s?\^?\d{1,3})*|\^.+")
_SOURCE = re.compile(
    r"citation needed|sources?(?:\s*[:：].*)?|"
    r"(?:ref|doc|cite|citation|document|web|source)s?[ :_-]?\d+|\d+[:†].*|.*†.*",
    re.IGNORECASE,
)
#: Llama's calls of tools: [get_hours(day="today")]
_CALL = re.compile(r"[A-Za-z_][\w.]*\([^()]*\)(?:,\s*[A-Za-z_][\w.]*\([^()]*\))*")
_LONGEST_CITATION = 200


class Brackets(Inline):
    """Whatever is none of these, as "[page 3]", stays as it is."""

    def _image(self, text: str, at: int, last: bool, out: list[str]) -> int:
        wait_if(at + 1 == len(text) and not last)
        if text[at + 1 : at + 2] == "[" and (end := self._link(text, at + 1, last, out)):
            return end
        return self._give("!", out, at + 1)

    def _bracket(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if end := self._link(text, at, last, out):
            return end
        found = _BRACKET.whole.match(text + " ", at)
        if found is None:
            return self._give("[", out, at + 1)
        inner = found[0][1:-2]
        word = first_word(inner)
        letters = len(inner) > 1 and inner.isascii() and inner.replace("_", "").replace("-", "").isalpha()
        direction = may_begin(word, stars=False, alone=False) and len(inner.split()) < 6
        box = inner in (" ", "x", "X", "✓") and self._sentence_end
        if letters or direction or box or _is_citation(inner) or _CALL.fullmatch(inner):
            return self._take_out(out, found.end() - 1)
        return self._give("[", out, at + 1)

    def _caret(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if note := _NOTE.at(text, at, last):
            return self._take_out(out, note.end())
        if power := _RAISED.at(text, at, last):
            return self._give(raised(power[0][1:-1]), out, power.end())
        return self._give("^", out, at + 1)

    def _link(self, text: str, at: int, last: bool, out: list[str]) -> int:
        """The end of "[text](address)" or "[text][name]", whose text is given; 0 where it is none."""
        found = _BRACKET.at(text, at, last)
        if found is None:
            return 0
        inner, end, follows = found[0][1:-2], found.end() - 1, found[0][-1]
        target = None
        if follows == "(":
            target = _TARGET.at(text, end, last)
        elif follows == "[" and not _NUMBERS.fullmatch(inner):
            target = _REFERENCE.at(text, end, last)
        if target is None:
            return 0
        if _is_citation(inner):
            return self._take_out(out, target.end())
        inside = type(self)()
        return self._give(inside.feed(inner) + inside.finish() or GONE, out, target.end())

    def _lenticular(self, text: str, at: int, last: bool, out: list[str]) -> int:
        close = "】" if text[at] == "【" else "\ue201"
        end = text.find(close, at, at + _LONGEST_CITATION)
        wait_if(end < 0 and len(text) - at < _LONGEST_CITATION and "\n" not in text[at:] and not last)
        inner = text[at + 1 : end]
        if end < 0 or "\n" in inner or not (close != "】" or _NUMBERS.fullmatch(inner) or _SOURCE.fullmatch(inner)):
            return self._give(text[at] if close == "】" else GONE, out, at + 1)
        return self._take_out(out, end + 1)


def _is_citation(inner: str) -> bool:
    return bool(_NUMBERS.fullmatch(inner.strip("[]")) or _SOURCE.fullmatch(inner))
