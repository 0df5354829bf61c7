"""Takes markup off words that are to be heard. Each kind has a file of its own; here a character finds its kind."""

from __future__ import annotations

import re
from collections.abc import Callable

from .addresses import Addresses
from .brackets import Brackets
from .emphasis import Emphasis
from .marks import GONE
from .tex import Tex

_PLAIN = re.compile(r"[^!\[\\$&*_~=`(（【\ue200\ue201{}|▁^hHwW]+")


class Markup(Emphasis, Brackets, Addresses, Tex):
    """Works within lines; what is left open at the end of one was none."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[str, Callable[[str, int, bool, list[str]], int]] = {
            **dict.fromkeys("*_~=", self._emphasis), **dict.fromkeys("(（", self._aside),
            "[": self._bracket, "!": self._image, **dict.fromkeys("【\ue200", self._lenticular),
            **dict.fromkeys("hHwW", self._address), "&": self._entity, "`": self._code,
            "\\": self._backslash, "$": self._dollar, "^": self._caret,
        }  # fmt: skip

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if plain := _PLAIN.match(text, at):
            if "\n" in plain[0]:
                self._open.clear()
            return self._give(plain[0], out, plain.end())
        kind = self._kinds.get(text[at])
        if kind is None:  # braces, a bar
            return self._give(" " if text[at] in "|▁" else GONE, out, at + 1)
        return kind(text, at, last, out)
