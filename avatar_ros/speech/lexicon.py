"""Text to words, and words to ARPABET: the dictionary first, then letter-to-sound rules (espeak-ng's, then simple)."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .number_readings import Readings, apart, number_readings

#: Grapheme to phoneme: word -> pronunciations (ARPABET without stress), or () where none is known
G2p = Callable[[str], tuple[tuple[str, ...], ...]]
Pronunciation = tuple[str, ...]

#: Latin letters, accents included, or digits.
_LATIN = "a-z\u00df-\u00f6\u00f8-\u024f"
_WORD = re.compile(
    rf"[{_LATIN}]+(?:'[{_LATIN}]+)*|(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:(?:st|nd|rd|th|'?s)(?![{_LATIN}\d]))?"
)
_DECIMALS = re.compile(r"(\d)\.(\d+)")
_SIGNS = {
    "%": " percent ",
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "°": " degrees ",
    "$": " dollars ",
}
#: Words whose pronunciations are cached.
_CACHED_WORDS = 4096


def sentence_readings(text: str) -> list[Readings]:
    """A sentence's words one after the other, lower case: signs that are read aloud in words, other signs left out;
    where a number may be read in several ways, all of them.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    text = _DECIMALS.sub(lambda m: f"{m[1]} point {' '.join(m[2])}", text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    out: list[Readings] = []
    for word in _WORD.findall(text):
        out.extend(apart(number_readings(word)) if word[0].isdigit() else [((word,),)])
    return out


def foreign_share(text: str) -> float:
    """Share of a text's letters, 0-1, that no English word has: other scripts, which `words` leaves out."""
    letters = [c for c in unicodedata.normalize("NFKC", text).lower() if c.isalpha()]
    return sum(re.match(f"[{_LATIN}]", c) is None for c in letters) / max(1, len(letters))


class Lexicon:
    """Pronunciations of words, from CMU's dictionary as PocketSphinx ships it: sorted, so searched and not parsed."""

    def __init__(self, path: Path | None, g2p: G2p | None = None) -> None:
        self._data = path.read_bytes() if path is not None else b""
        ends = np.flatnonzero(np.frombuffer(self._data, np.uint8) == ord("\n"))
        self._starts = [0, *(ends[:-1] + 1).tolist()] if len(ends) else []
        self._g2p = g2p
        self._cache: OrderedDict[str, tuple[Pronunciation, ...]] = OrderedDict()

    def pronunciations(self, word: str) -> tuple[Pronunciation, ...]:
        """All known pronunciations of a word; at least one."""
        found = self._cache.get(word)
        if found is not None:
            return found
        plain = _without_accents(word)
        found = self._look_up(plain) or self._inflected(plain) or (self._g2p(word) if self._g2p is not None else ())
        if not found:  # not cached: espeak-ng may only be starting again
            return (letters_to_sounds(plain),)
        self._cache[word] = found
        if len(self._cache) > _CACHED_WORDS:
            self._cache.popitem(last=False)
        return found

    def pronunciations_of(self, readings: Readings) -> tuple[Pronunciation, ...]:
        """Pronunciations of all of these readings; of one of several words only the first, for there are so many."""
        found: list[Pronunciation] = []
        for reading in readings:
            if len(reading) == 1:
                found += self.pronunciations(reading[0])
            else:
                found.append(tuple(phone for word in reading for phone in self.pronunciations(word)[0]))
        return tuple(found)

    def _look_up(self, word: str) -> tuple[Pronunciation, ...]:
        """All lines of a word; they stand together: "read R IY D", "read(2) R EH D"."""
        key = word.encode()
        at = bisect_left(range(len(self._starts)), key, key=self._key)
        found = []
        while at < len(self._starts) and self._key(at) == key:
            start = self._starts[at]
            found.append(tuple(self._data[start : self._data.index(b"\n", start)].decode().split()[1:]))
            at += 1
        return tuple(found)

    def _key(self, line: int) -> bytes:
        start = self._starts[line]
        return self._data[start : self._data.index(b" ", start)].split(b"(")[0]

    def _inflected(self, word: str) -> tuple[Pronunciation, ...]:
        """Regular endings of known words."""
        for ending, sounds in (("'s", ("Z",)), ("s'", ("Z",)), ("s", ("Z",)), ("ed", ("D",)), ("ing", ("IH", "NG"))):
            if word.endswith(ending) and len(word) > len(ending) + 2:
                stem = self._look_up(word[: -len(ending)]) or self._look_up(word[: -len(ending)] + "e")
                if stem:
                    return tuple((*phones, *sounds) for phones in stem)
        return ()


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


#: English letters to sounds, longest match first; crude, for names and new words: alignment forgives a wrong vowel.
_RULES: tuple[tuple[str, str], ...] = tuple(
    (pattern, sounds)
    for pattern, sounds in (
        item.split(":")
        for item in """
        tion:SH AH N|sion:ZH AH N|ough:AO|augh:AO|eigh:EY|igh:AY|tch:CH|sch:SH|dge:JH|que:K|ture:CH ER|ious:IY AH S
        ous:AH S|air:EH R|ear:IH R|eer:IH R|our:AO R|oor:AO R|are:EH R|ire:AY R|ore:AO R|ure:Y UH R|all:AO L
        ai:EY|ay:EY|au:AO|aw:AO|ea:IY|ee:IY|ei:EY|eu:Y UW|ew:Y UW|ey:IY|ia:IY AH|ie:IY|io:IY OW|oa:OW|oe:OW|oi:OY
        oo:UW|ou:AW|ow:OW|oy:OY|ue:UW|ui:UW|ar:AA R|er:ER|ir:ER|or:AO R|ur:ER|yr:ER
        ch:CH|ck:K|gh:G|gn:N|kn:N|mb:M|ng:NG|ph:F|ps:S|qu:K W|rh:R|sh:SH|sc:S K|th:TH|wh:W|wr:R|zh:ZH|ce:S|ci:S IH
        cy:S IY|ge:JH|gi:JH IH|bb:B|cc:K|dd:D|ff:F|gg:G|ll:L|mm:M|nn:N|pp:P|rr:R|ss:S|tt:T|zz:Z
        a:AE|b:B|c:K|d:D|e:EH|f:F|g:G|h:HH|i:IH|j:JH|k:K|l:L|m:M|n:N|o:AA|p:P|q:K|r:R|s:S|t:T|u:AH|v:V|w:W|x:K S
        y:IY|z:Z
        """.replace("\n", "|").split("|")
        if item.strip()
    )
)
_BY_LETTERS = {pattern.strip(): tuple(sounds.split()) for pattern, sounds in _RULES}
_LONGEST = max(map(len, _BY_LETTERS))


def letters_to_sounds(word: str) -> Pronunciation:
    """A guess at how an English word is said; a silent last e stays silent. Letters that are no English give AH."""
    letters = "".join(c for c in word if c.isalpha())
    if len(letters) > 3 and letters.endswith("e") and letters[-2] not in "aeiou":
        letters = letters[:-1]
    out: list[str] = []
    at = 0
    while at < len(letters):
        for length in range(min(_LONGEST, len(letters) - at), 0, -1):
            sounds = _BY_LETTERS.get(letters[at : at + length])
            if sounds is not None:
                break
        else:
            length, sounds = 1, ("AH",)
        out.extend(sounds)
        at += length
    return tuple(out) or ("AH",)
