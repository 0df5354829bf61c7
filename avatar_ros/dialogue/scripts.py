"""Which scripts a language is written in: a voice that cannot read a text should not be given it."""

from __future__ import annotations

import unicodedata

_LATIN = frozenset({"LATIN"})
#: Of languages that are not written in Latin letters: the scripts, as Unicode names their characters.
_SCRIPTS = {
    language: frozenset(scripts.split())
    for languages, scripts in (
        ("zh cmn yue wuu nan", "CJK BOPOMOFO"),
        ("ja", "CJK HIRAGANA KATAKANA"),
        ("ko", "HANGUL CJK"),
        ("ru uk be bg mk kk ky mn", "CYRILLIC"),
        ("sr bs", "CYRILLIC LATIN"),
        ("el", "GREEK"),
        ("ar fa ur ps", "ARABIC"),
        ("he yi", "HEBREW"),
        ("hi mr ne sa", "DEVANAGARI"),
        ("bn as", "BENGALI"),
        ("ta", "TAMIL"),
        ("te", "TELUGU"),
        ("kn", "KANNADA"),
        ("ml", "MALAYALAM"),
        ("gu", "GUJARATI"),
        ("pa", "GURMUKHI ARABIC"),
        ("si", "SINHALA"),
        ("th", "THAI"),
        ("lo", "LAO"),
        ("km", "KHMER"),
        ("my", "MYANMAR"),
        ("ka", "GEORGIAN"),
        ("hy", "ARMENIAN"),
        ("am ti", "ETHIOPIC"),
    )
    for language in languages.split()
}


def fits(text: str, locale: str) -> bool:
    """Whether a voice of `locale` (BCP 47) can read `text`: some of its letters are of that language's scripts.

    So can every voice read a text without letters and one lone Latin word, a name or "OK".
    """
    wanted = _SCRIPTS.get(locale.replace("_", "-").split("-")[0].lower(), _LATIN)
    letters = [letter for letter in text if letter.isalpha()]
    if not letters or any(wanted & _words_of(letter) for letter in letters):
        return True
    return len(text.split()) < 2 and all(_LATIN & _words_of(letter) for letter in letters)


def _words_of(letter: str) -> frozenset[str]:
    """The words of a character's name; its script is among them."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())
