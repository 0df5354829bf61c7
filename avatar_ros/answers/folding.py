"""Words of any script as they are compared: what differs between two spellings of a word, but not its meaning, is gone.

Scripts that are written without spaces (Chinese, Japanese, Thai), and Korean, of which people and recognisers put the
spaces as they like, are compared letter by letter.
"""

from __future__ import annotations

import re
import unicodedata

#: Letters that are a word each: CJK, kana, Hangul, Thai, Lao, Burmese, Khmer.
_SINGLE = (
    r"(?:(?=[^\W_])[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff])"
)
#: Letters and digits, and the vowel signs of Arabic and India, which Python's \w lacks.
_LETTER = rf"(?:(?!{_SINGLE})(?:[^\W_]|[\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff]))"
_WORD = re.compile(rf"{_SINGLE}|{_LETTER}+(?:['-]{_LETTER}+)*")
#: Accents, vowel points of Hebrew and Arabic, the Arabic lengthening stroke, the nukta of Devanagari.
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640\u093c]")
#: Letters that have no accent to lose but are written without one; Arabic ta marbuta and alif maqsura; chandrabindu.
_LETTERS = str.maketrans("ıłøđةىیک\u0901’", "ilodهييك\u0902'")
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def fold(text: str) -> str:
    """Small letters without accents and points; katakana as hiragana; wide digits and letters as plain ones."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", apart)).translate(_LETTERS).translate(_KATAKANA)


def folded_words(folded: str) -> tuple[str, ...]:
    """The words of a text that `fold` gave: apostrophes and hyphens within them stay, other signs part them."""
    return tuple(_WORD.findall(folded))
