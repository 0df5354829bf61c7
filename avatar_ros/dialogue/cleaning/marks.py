"""Characters of our own, which a step of cleaning leaves for later ones. characters.py lets no others in."""

from __future__ import annotations

from ...core.expressions import EXPRESSIONS, GESTURES

#: Something was taken out here: the space before it goes too where punctuation follows.
GONE = "\U000f0000"
#: Between two cells of a table.
CELL = "\U000f0001"
#: All before it was thought aloud and is not meant to be heard.
FORGET = "\U000f0002"
#: For regular expressions: all marks, those of expressions included.
ANY = "\U000f0000-\U000f01ff"

#: For str.translate: takes all marks out.
UNSEEN = dict.fromkeys(range(0xF0000, 0xF0200))

_FIRST_TAG = 0xF0100
#: What a tag may ask for.
NAMES = (*EXPRESSIONS, *GESTURES)


def tag(name: str) -> str:
    """The mark of one of NAMES."""
    return chr(_FIRST_TAG + NAMES.index(name))


def name_of(character: str) -> str:
    """The expression or gesture whose mark this is, or ""."""
    at = ord(character) - _FIRST_TAG
    return NAMES[at] if 0 <= at < len(NAMES) else ""
