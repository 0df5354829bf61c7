"""Characters of our own, which a step of cleaning leaves for later ones. characters.py lets no others in."""

from __future__ import annotations

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

#: The values of hri_msgs/msg/Expression (https://github.com/ros4hri/hri_msgs).
EXPRESSIONS = tuple(
    """
    neutral angry sad happy surprised disgusted scared pleading vulnerable despaired guilty disappointed embarrassed
    horrified skeptical annoyed furious suspicious rejected bored tired asleep confused amazed excited
    """.split()
)


def tag(expression: str) -> str:
    """The mark of one of EXPRESSIONS."""
    return chr(_FIRST_TAG + EXPRESSIONS.index(expression))


def expression_of(character: str) -> str:
    """The expression whose mark this is, or ""."""
    at = ord(character) - _FIRST_TAG
    return EXPRESSIONS[at] if 0 <= at < len(EXPRESSIONS) else ""
