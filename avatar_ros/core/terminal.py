"""Text on its way to a terminal: what others wrote (a file's name, an error that quotes it) may hold commands to it."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
#: Control characters (ESC, BEL, C1), what turns the direction of writing or is not seen, and halves of characters;
#: U+2028 and U+2029 are line breaks to some. Joiners stay: Persian, Hindi and emoji are written with them.
_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"


def printable(text: str) -> str:
    r"""`text` with each such character as its escape; line breaks and tabs stay.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def printable_line(text: str) -> str:
    """The same, line breaks too: a name that holds one must not look like a line of ours."""
    return printable(text).replace("\n", "\\n")


def _shown(character: str) -> str:
    if character in _KEPT or character in _JOINERS or unicodedata.category(character) not in _CATEGORIES:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
