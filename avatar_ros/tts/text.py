"""Text in parts that a voice can say at once."""

from __future__ import annotations

import re

from ..core.spoken_text import speakable
from ..core.voice_codes import nearest as nearest

#: Where a long sentence may be cut, best first; each pattern ends where the cut is made.
_CUTS = (
    re.compile(r"[.!?。！？…]+[\"')\]”’]*(?=\s|$)|[。！？]"),
    re.compile(r"[;:,、，；：–—](?=\s)|[、，；：]"),
    re.compile(r"\s"),
)


def clean(text: str) -> str:
    """`text` in one line; "" where there is nothing to say. Markup is not looked for: the dialogue has taken it out."""
    return " ".join(text.split()) if speakable(text) else ""


def split(text: str, limit: int) -> list[str]:
    """`text` in parts of at most `limit` characters, cut after a sentence, clause or word if possible."""
    parts = []
    while len(text) > limit:
        at = _cut(text, limit)
        parts.append(text[:at].strip())
        text = text[at:].strip()
    return [part for part in (*parts, text) if part]


def _cut(text: str, limit: int) -> int:
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, 0, limit) if match.end() > limit // 4]
        if ends:
            return ends[-1]
    return limit
