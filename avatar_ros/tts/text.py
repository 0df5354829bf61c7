"""Text as a voice can say it: no markup, no emoji, no addresses spelt letter by letter, in parts of bearable length."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_URL = re.compile(r"(?:https?://|www\.)([^\s/?#<>()]+)[^\s<>()]*", re.IGNORECASE)
_FENCE = re.compile(r"```.*?(?:```|$)", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINE_MARKUP = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+•]\s+|\|)", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_REPEATED = re.compile(r"([!?.,;:\-])\1{2,}")
_SPACE = re.compile(r"\s+")
#: Where a long sentence may be cut, best first; each pattern ends where the cut is made.
_CUTS = (
    re.compile(r"[.!?。！？…]+[\"')\]”’]*(?=\s|$)|[。！？]"),
    re.compile(r"[;:,、，；：–—](?=\s)|[、，；：]"),
    re.compile(r"\s"),
)


def clean(text: str) -> str:
    """`text` without what cannot or should not be said; "" where nothing remains.

    >>> clean("**Hi** 👋 see [our page](https://x.org/a?b=1)!")
    'Hi see our page!'
    """
    text = _FENCE.sub(" ", unicodedata.normalize("NFC", text))
    text = _LINK.sub(r"\1", text)
    text = _URL.sub(lambda match: match[1].removeprefix("www.").rstrip(".,") + _closing(match[0]), text)
    text = _LINE_MARKUP.sub("", _TAG.sub(" ", text))
    text = _EMPHASIS.sub(r"\2", text)
    text = "".join(_spoken(character) for character in text)
    text = _REPEATED.sub(r"\1", text)
    text = re.sub(r"\s+([,.!?;:])", r"\1", _SPACE.sub(" ", text)).strip()
    return text if any(character.isalnum() for character in text) else ""


def _closing(address: str) -> str:
    """Punctuation that ends the sentence rather than the address."""
    return address[-1] if address[-1] in ".,!?;:" else ""


def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs" or character in "\n\r\t":
        return " "
    if category in ("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn") and character not in "°©®™^":
        return "" if category == "Cf" else " "
    if category == "Me" or 0xFE00 <= ord(character) <= 0xFE0F:
        return ""
    return " " if character in "*_`~|^\\{}<>" else character


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
