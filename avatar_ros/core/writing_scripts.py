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
        ("ru uk be bg kk ky mn ba cv tt nog tg", "CYRILLIC"),
        ("sr bs hr mk uz", "CYRILLIC LATIN"),
        ("el grc", "GREEK"),
        ("ar fa ur ps sd ckb", "ARABIC"),
        ("ug", "ARABIC LATIN"),
        ("he yi", "HEBREW"),
        ("hi mr ne sa kok", "DEVANAGARI"),
        ("bn as bpy", "BENGALI"),
        ("or", "ORIYA"),
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
        ("my shn", "MYANMAR"),
        ("ka", "GEORGIAN"),
        ("hy hyw", "ARMENIAN"),
        ("am ti", "ETHIOPIC"),
    )
    for language in languages.split()
}


def scripts_of(locale: str) -> frozenset[str]:
    """The scripts that a language (BCP 47) is written in, as Unicode names them."""
    return _SCRIPTS.get(locale.replace("_", "-").split("-")[0].lower(), _LATIN)


def fits(text: str, locale: str) -> bool:
    """Whether a voice of `locale` (BCP 47) can read `text`: some of its letters are of that language's scripts.

    So can every voice read a text without letters and one lone Latin word, a name or "OK".
    """
    wanted = scripts_of(locale)
    letters = [letter for letter in text if letter.isalpha()]
    if not letters or any(wanted & words_of(letter) for letter in letters):
        return True
    return len(text.split()) < 2 and all(_LATIN & words_of(letter) for letter in letters)


def words_of(letter: str) -> frozenset[str]:
    """The words of a character's name; its script is among them."""
    return frozenset(unicodedata.name(letter, "").replace("-", " ").split())
