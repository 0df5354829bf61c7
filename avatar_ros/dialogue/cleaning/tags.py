"""Tags in a text: "[happy] Hello!" is " Hello!" with the mark of "happy" before it.

A tag is a name of hri_msgs/Expression, or of a gesture ("[nod]", also "[nods]"), in square brackets. Other words in
brackets are stage directions ("[coughs]"), which markup.py takes out; brackets around anything else ("[page 3]", an
unclosed one) are text.
"""

from __future__ import annotations

import re

from ...core.expressions import EXPRESSIONS, GESTURES
from .marks import tag
from .scanner import Scanner, Shape

_PLAIN = re.compile(r"[^\[]+")
_NAMES = "|".join((*EXPRESSIONS, *GESTURES))
_WRITTEN = (*EXPRESSIONS, *(f"{name}s" for name in GESTURES))
_BEGUN = "|".join(dict.fromkeys(name[:n] for name in _WRITTEN for n in range(len(name), -1, -1)))
_TAG = Shape(
    # "[THINK]" in capitals is how some models begin to reason aloud (reasoning.py).
    re.compile(rf"(?-i:(?!\[THINK\]))\[(?:({_NAMES})|({'|'.join(GESTURES)})s)\]", re.IGNORECASE),
    re.compile(rf"\[(?:{_BEGUN})", re.IGNORECASE),
)


class Tags(Scanner):
    """Our own tags are read before anything else is."""

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if plain := _PLAIN.match(text, at):
            out.append(plain[0])
            return plain.end()
        found = _TAG.at(text, at, last)
        out.append(tag((found[1] or found[2]).lower()) if found else "[")
        return found.end() if found else at + 1
