"""What espeak-ng can speak: its own table of voices, and which voice reads which script.

It has a voice for whatever it is given: letters that a voice does not know are named one by one ("Chinese letter"), in
English. So a text is cut where its script changes, and what no voice can read is left out, and said so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..core.spoken_text import speakable
from ..core.writing_scripts import scripts_of, words_of
from .base import PLAIN
from .text import nearest

#: Variants that crash espeak-ng 1.52.
CRASHING = frozenset({"demonic", "rob"})
#: Variants of every voice that people may choose among, and how they sound.
VARIANTS = {
    **{f"f{number}": f"woman {number}" for number in range(1, 6)},
    **{f"m{number}": f"man {number}" for number in range(1, 8)},
}
#: Voices that are listed but have no dictionary: they say nothing at all.
_MUTE = frozenset({"fo", "kaa", "xex"})
#: The language whose voice reads a script that the text's own voice cannot read.
_READERS = {
    script: reader
    for pair in (
        "ru=CYRILLIC el=GREEK he=HEBREW ar=ARABIC hi=DEVANAGARI bn=BENGALI pa=GURMUKHI gu=GUJARATI or=ORIYA ta=TAMIL "
        "te=TELUGU kn=KANNADA ml=MALAYALAM si=SINHALA th=THAI my=MYANMAR ka=GEORGIAN ko=HANGUL hy=ARMENIAN am=ETHIOPIC "
        "ja=HIRAGANA ja=KATAKANA zh=CJK zh=BOPOMOFO en=LATIN en=SHAVIAN"
    ).split()
    for reader, _, script in (pair.partition("="),)
}
#: Scripts that voices lack though their language is written in it (kanji and hanja need a dictionary), or have besides.
_LACKS = {"ja": frozenset({"CJK"}), "ko": frozenset({"CJK"})}
_HAS = {"en": frozenset({"SHAVIAN"}), "lfn": frozenset({"CYRILLIC"})}
_LATIN, _KANA = frozenset({"LATIN"}), frozenset({"HIRAGANA", "KATAKANA"})
_SPELLS_LATIN = frozenset({"ja"})  # others read it as English
_HEBREW_POINTS = dict.fromkeys(range(0x591, 0x5C8))


class Run(NamedTuple):
    """A piece of a text, and espeak's name of the voice that reads it; "" where none can."""

    text: str
    voice: str


class VoiceTable:
    """espeak's voices by language code.

    rows: (identifier, ((priority, code), …)) as espeak lists them; of several voices for a code the lowest priority is
    its own choice. wanted: locale -> voice of the settings, in lower case.
    """

    def __init__(self, rows: Iterable[tuple[str, Iterable[tuple[int, str]]]], wanted: Mapping[str, str]) -> None:
        self.wanted = wanted
        best: dict[str, tuple[int, int, str]] = {}
        self._names: set[str] = set()
        for identifier, codes in rows:
            name = identifier.rpartition("/")[2].lower()
            if name in _MUTE:
                continue
            self._names |= {name, identifier.lower()}
            for priority, code in ((priority, code.lower()) for priority, code in codes):
                # "cmn" is shared with a voice that reads Pinyin: the plain one has the shorter name
                best[code] = min(best.get(code, (999, 0, "")), (priority, len(name), identifier))
        self._by_code = {code: identifier for code, (_, _, identifier) in best.items()}

    @property
    def codes(self) -> tuple[str, ...]:
        """Languages that there is a voice for."""
        return tuple(self._by_code)

    def voice(self, locale: str) -> tuple[str, bool]:
        """(espeak's name of the voice, whether it speaks the language)."""
        name, known = nearest(locale, self.wanted, self.codes, "en-us")
        return self._identified(name), known

    def named(self, name: str, locale: str) -> str:
        """The voice that is called so, as espeak names it; PLAIN: the language's own. "" where there is none."""
        if name == PLAIN:
            return self._identified(nearest(locale, {}, self.codes, "en-us")[0])
        return self._identified(name) if self.knows(name) and not voice_problem(name) else ""

    def _identified(self, name: str) -> str:
        base, plus, variant = name.partition("+")
        return self._by_code.get(base.lower(), base) + plus + variant

    def reads_no_kanji(self, locale: str) -> bool:
        """Whether the language is Japanese: its voice reads kana only."""
        return _language(self.voice(locale)[0]) == "ja"

    def knows(self, name: str) -> bool:
        """Whether espeak has the voice, be it named as a language or as itself."""
        base = name.partition("+")[0].lower()
        return base in self._names or base in self._by_code

    def runs(self, text: str, locale: str, voice: str = "") -> list[Run]:
        """`text` in pieces, in order, each with the voice that can read it. voice: espeak's name, "" for the usual."""
        voice = voice or self.voice(locale)[0]
        own = _language(voice)
        no_hanzi = own in ("ja", "ko") or any(words_of(letter) & _KANA for letter in text if letter > "\u3000")
        cuts: list[tuple[int, str]] = [(0, voice)]
        for at, letter in enumerate(text):
            if letter.isalnum():
                before = cuts[-1][1]
                reader = self._reader(text, at, voice, own, no_hanzi) if letter.isalpha() else before or voice
                if reader != before:
                    cuts.append((at, reader))
        ends = [at for at, _ in cuts[1:]] + [len(text)]
        found = (Run(text[at:end], reader) for (at, reader), end in zip(cuts, ends, strict=True))
        return [run for run in found if speakable(run.text)]

    def _reader(self, text: str, at: int, voice: str, own: str, no_hanzi: bool) -> str:
        """The voice that reads the letter at `at` of a text in the language `own`, which `voice` speaks; "": none."""
        scripts = words_of(text[at])
        if scripts & _readable(own) or (scripts & _LATIN and own not in _SPELLS_LATIN):
            return voice
        if "GREEK" in scripts and not any("GREEK" in words_of(near) for near in text[max(at - 1, 0) : at + 2 : 2]):
            return voice  # a symbol, not a word
        reader = next((reader for script, reader in _READERS.items() if script in scripts), "")
        if not reader or (no_hanzi and "CJK" in scripts):
            return ""
        other, _ = self.voice(reader)
        return other if "+" in other else other + "".join(voice.partition("+")[1:])


def voice_problem(name: str) -> str:
    """What is known to be wrong with a voice of espeak's, or ""."""
    base, _, variant = name.lower().partition("+")
    if variant in CRASHING:
        return f"espeak-ng crashes with the variant '{variant}' of the voice '{name}'"
    if base.rpartition("/")[2] in _MUTE:
        return f"espeak-ng lists the voice '{name}' but has no dictionary for it: it says nothing"
    return ""


def for_espeak(text: str) -> str:
    """The text with what espeak stumbles over in place of itself: digits of any script, points of Hebrew."""
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text).translate(_HEBREW_POINTS)


def script_name(text: str) -> str:
    """The script of the first letter, for people: "Lao"."""
    name = next((unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()), "")
    return "Han" if name == "CJK" else name.capitalize()


def _language(voice: str) -> str:
    return voice.partition("+")[0].rpartition("/")[2].partition("-")[0].lower()


def _readable(language: str) -> frozenset[str]:
    return (scripts_of(language) - _LACKS.get(language, frozenset())) | _HAS.get(language, frozenset())
