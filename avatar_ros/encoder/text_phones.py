"""Which texts can be aligned, and their graphs: any that espeak-ng can read, in the text's language."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Callable

from ..core.writing_scripts import scripts_of, words_of
from ..speech.ipa_text import words_of as spoken_words
from ..speech.text_graph import TextGraph, text_graph

#: (text, locale) -> its IPA as espeak-ng writes it, or ""
Ipa = Callable[[str, str], str]
#: (text, locale) -> its graph, or None where it cannot be aligned
GraphOfText = Callable[[str, str], TextGraph | None]

#: Letters of scripts that espeak-ng has no readings for are named one by one: kanji and hanja need a dictionary.
_UNREADABLE = {"ja": frozenset({"CJK"}), "ko": frozenset({"CJK"})}
#: A text of which more than this share cannot be read is not aligned: the rest would be stretched over its sound.
_MOST_UNREADABLE = 0.25
#: Graphs that are kept; one takes up to 9 MB.
_KEPT = 3


class TextPhones:
    """The graphs of texts; the newest few are kept."""

    def __init__(self, ipa: Ipa) -> None:
        self._ipa = ipa
        self._kept: OrderedDict[tuple[str, str], TextGraph] = OrderedDict()

    def graph(self, text: str, locale: str) -> TextGraph | None:
        """See GraphOfText."""
        key = text, locale or "en"
        if key not in self._kept:
            words = spoken_words(self._ipa(*key)) if unreadable_share(*key) <= _MOST_UNREADABLE else ()
            if not words:
                return None
            self._kept[key] = text_graph(words)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]


def unreadable_share(text: str, locale: str) -> float:
    """Share of a text's letters, 0–1, in scripts that espeak-ng cannot read in this language; Latin it always can."""
    letters = [c for c in unicodedata.normalize("NFKC", text) if c.isalpha()]
    language = locale.replace("_", "-").split("-")[0].lower()
    known = (scripts_of(locale) | {"LATIN"}) - _UNREADABLE.get(language, frozenset())
    return sum(not known & words_of(letter) for letter in letters) / max(1, len(letters))
