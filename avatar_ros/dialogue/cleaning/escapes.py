r"""Takes out what a terminal obeys (colours, links, titles); escapes of JSON become what they stand for.

Models copy both from logs and programs: the escape character itself, or as it is written: \x1b[31m, \033[0m, ^[[1m.
"""

from __future__ import annotations

import re

from .scanner import Scanner, shape

_PARAMETERS = r"[0-9:;<=>?]{0,40}+", r"[ -/]{0,4}+"
#: Up to a bell or ESC \; it ends with its line too, where neither comes.
_STRING = r"[^\x07\x1b\x9c\n\r]{0,2000}+", r"[\x07\x1b\x9c]?", r"(?:(?<=\x1b)\\)?"
_SHAPES = {
    "\x1b": (
        shape("[\x1b␛]", r"\[", *_PARAMETERS, r"[@-~]"),
        shape("[\x1b␛]", r"[\]P_^X]", *_STRING),
        shape("[\x1b␛]", r"[ #%()*+./-]", r"[0-~]"),
        shape("[\x1b␛]", r"[78=>\\]"),
    ),
    "\x9b": (shape("\x9b", *_PARAMETERS, r"[@-~]"),),
    "\x9d": (shape("[\x9d\x90]", *_STRING),),
    "^": (shape(r"\^", r"\[", r"\[", r"[0-9][0-9;]{0,40}+", r"[A-Za-z]"),),
    "\\": (
        shape(r"\\", r"(?:x(?:1[bB]?)?|0(?:33?)?|[eE]|u(?:0(?:0(?:1[bB]?)?)?)?)", r"\[", *_PARAMETERS, r"[A-Za-z]"),
    ),
}  # fmt: skip
_KINDS = {"␛": "\x1b", "\x90": "\x9d"}
_UNICODE = shape(r"\\", "u", "[0-9a-fA-F]", "[0-9a-fA-F]", "[0-9a-fA-F]", "[0-9a-fA-F]")
#: A line end or tab that was written as one: not before a small letter, which makes it a command of LaTeX (\nu, \tan).
_BLANK = shape(r"\\", r"(?:r\\?)?", "[nt]", r"[^a-z]")
_PLAIN = re.compile("[^\x1b␛\x9b\x9d\x90^\\\\]+")


class Escapes(Scanner):
    """Comes before characters.py, which makes spaces of control characters."""

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if plain := _PLAIN.match(text, at):
            out.append(plain[0])
            return plain.end()
        for sequence in _SHAPES[_KINDS.get(text[at], text[at])]:
            if found := sequence.at(text, at, last):
                return found.end()
        if text[at] == "\\" and (end := self._written(text, at, last, out)):
            return end
        out.append(text[at])
        return at + 1

    def _written(self, text: str, at: int, last: bool, out: list[str]) -> int:
        """The end of a character that was written as an escape, which is given; 0 where there is none."""
        if found := _UNICODE.at(text, at, last):
            out.append(chr(int(found[0][2:], 16)))
            return found.end()
        blank = _BLANK.at(text if not last else text + "\n", at, last)
        if blank is None:
            return 0
        out.append(" " if "t" in blank[0][:-1] else "\n")
        return blank.end() - 1
