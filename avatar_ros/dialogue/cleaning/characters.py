"""Unspeakable and invisible characters are taken out; what is left is composed (NFC) and has one kind of line end."""

from __future__ import annotations

import re
import unicodedata

from ...core.wellformed import WellFormed
from .marks import GONE

_MARK = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
#: Letters that accents are set on, and Korean ones that become syllables: not Chinese ones, nor whole syllables.
_LETTER = r"(?![\u3400-\u9fff\uac00-\ud7a3])[^\W\d_]"
_CLUSTER = re.compile(rf"({_LETTER})([{_MARK}\u1160-\u11ff]+)")
_LAST_CLUSTER = re.compile(rf"{_LETTER}[{_MARK}\u1160-\u11ff]*\Z")
#: More marks than this on one letter are a joke, and are dropped; so are lines through letters.
_MOST_MARKS = 2
_LINES = re.compile("[\u0332-\u0338]")
_ODD = re.compile(r"[^\w \n!-~]")
_LINE_ENDS = "\r\v\f\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"
_SCRIPTS_THAT_JOIN = re.compile(r"[\u0600-\u08ff\u0900-\u0dff]")
#: ChatGPT's citations stand between U+E200 and U+E201, "▁" is a space within special tokens: left to later steps.
_KEPT = "©®™°^▁\ue200\ue201"
_FANCY = re.compile(r"[\U0001d400-\U0001d7ff]")


class Characters:
    """Comes before all steps that look for markup."""

    def __init__(self) -> None:
        self._pairs = WellFormed()
        self._held = ""  # the last letter, which may get accents
        self._before = ""

    def feed(self, text: str) -> str:
        """What is certain by now."""
        text = self._held + self._pairs.feed(text)
        found = _LAST_CLUSTER.search(text)
        self._held = found[0][: _MOST_MARKS + 2] if found else ""
        return self._cleaned(text[: found.start()] if found else text)

    def finish(self) -> str:
        """The rest."""
        held, self._held = self._held + self._pairs.finish(), ""
        return self._cleaned(held)

    def _cleaned(self, text: str) -> str:
        if not text:
            return ""
        text = _FANCY.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = _CLUSTER.sub(_composed, text)
        before, self._before = self._before, text[-1:]
        return _ODD.sub(lambda found: _replaced(found[0], text[found.start() - 1] if found.start() else before), text)


def _composed(found: re.Match[str]) -> str:
    return found[1] if len(found[2]) > _MOST_MARKS else unicodedata.normalize("NFC", _LINES.sub("", found[0]))


def _replaced(character: str, before: str) -> str:
    category = unicodedata.category(character)
    if character in _LINE_ENDS:
        return "\n"
    if character in _JOINERS:
        return character if _SCRIPTS_THAT_JOIN.match(before) else ""
    if character in _KEPT:
        return character
    if category in ("Zs", "Cc"):
        return " "
    if category in ("Cf", "Me", "Cs", "Co") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category in ("So", "Sk", "Cn") and not _is_short_for_words(character):
        return " " + GONE
    return character


def _is_short_for_words(character: str) -> bool:
    """Whether a symbol stands for letters: ㎡, ℃, №."""
    return any(letter.isalnum() for letter in unicodedata.normalize("NFKC", character))
