"""Text to the symbols that a Piper voice was trained on: phonemes in IPA, one code point each, spaces, and signs.

As piper-phonemize does it (https://github.com/rhasspy/piper-phonemize): espeak-ng spells clause by clause, each clause
is followed by the sign that ends it, and the whole is decomposed (NFD).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from ..core.spoken_text import speakable
from .spelling import Clause
from .text import split

#: A sentence up to here is spoken in one go; of a longer one the first clause comes first, to be heard early.
WHOLE_CHARS = 90
#: What follows is spoken in parts of this length: there is sound to be heard meanwhile.
PART_CHARS = 220
#: The first clause is not cut before so many letters: a lone "Well," has no melody.
_LEAST_CHARS = 12

_SAME_SIGNS = {".": "…。।", ",": "،，、—–()", "?": "؟？", "!": "！", ";": "؛；", ":": "："}
_SIGNS = {sign: plain for plain, signs in _SAME_SIGNS.items() for sign in signs}
_QUOTES = "\"')\\]}”’»"
#: The sign that ends a clause, in what was read for it: a letter or two of the next clause follow.
_END_SIGN = re.compile(rf"([.,;:!?()…—–،؛؟।。，、；：！？])[{_QUOTES}\s]*.{{0,2}}$")
_SENTENCE = re.compile(rf"(?<=[.!?…।؟])[{_QUOTES}]*\s+|(?<=[。！？])[{_QUOTES}]*\s*")
_CLAUSE = re.compile(r"[,;:—–،؛，、；：](?=\s|[^\x00-\u2e7f])")
#: espeak-ng's notes of a change of language, "(en)".
_NOTE = re.compile(r"\([a-z-]*\)")
_VOWELS = re.compile(r"[aeiouyà-üα-ωа-я]", re.IGNORECASE)
#: What is no sound of its own: stress and length, tones, and marks above and below letters.
_ADDITIONS = re.compile(r"[ˈˌːˑ0-9\s]")


class Phrase(NamedTuple):
    """symbols: what the voice is given; word: for each, the index of its word, -1 for none; words: of the text."""

    symbols: tuple[str, ...]
    word: tuple[int, ...]
    words: tuple[str, ...]


class Piece(NamedTuple):
    """A part of a text that is spoken in one go. ends_sentence: a sentence ends with it; is_last: the text does."""

    text: str
    ends_sentence: bool
    is_last: bool


def pieces(text: str) -> list[Piece]:
    """`text` sentence by sentence, long sentences in parts; the first part is short where it can be."""
    out: list[Piece] = []
    for sentence in sentences(text):
        parts = _parts(sentence, first=not out)
        out += [Piece(part, at == len(parts), False) for at, part in enumerate(parts, 1)]
    return [*out[:-1], *(piece._replace(is_last=True) for piece in out[-1:])]


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; a dot after an abbreviation ends none."""
    begin = 0
    for gap in _SENTENCE.finditer(text):
        before, after = text[begin : gap.start()], text[gap.end() :]
        if not _is_abbreviation(before) and speakable(before) and not after[:1].islower():
            yield (before + gap.group()).strip()
            begin = gap.end()
    if speakable(text[begin:]):
        yield text[begin:].strip()


def _parts(sentence: str, *, first: bool) -> list[str]:
    if not first or len(sentence) <= WHOLE_CHARS:
        return split(sentence, PART_CHARS)
    ends = [end for sign in _CLAUSE.finditer(sentence) if _LEAST_CHARS <= (end := sign.end()) <= WHOLE_CHARS]
    head = sentence[: ends[-1]] if ends else split(sentence, WHOLE_CHARS)[0]
    rest = sentence[len(head) :].strip()
    return [head.strip(), *split(rest, PART_CHARS)] if speakable(rest) else [sentence]


def _is_abbreviation(text: str) -> bool:
    """Whether the dot at the end of `text` ends a word that is shortened: "Dr.", "J."."""
    word = text.rstrip(".").split()[-1] if text.endswith(".") and text.rstrip(".").split() else ""
    shortened = len(word) < 5 and word[:1].isascii() and not word.isupper() and not _VOWELS.search(word)
    return word.isalpha() and (len(word) == 1 or shortened)


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text without the signs around them; none in scripts without spaces between words."""
    found = (word.strip("".join(c for c in word if not _is_letter(c))) for word in text.split())
    words = tuple(word for word in found if word)
    return () if any(ord(letter) >= 0x2E80 or "\u0e00" <= letter <= "\u0eff" for letter in text) else words


def _is_letter(character: str) -> bool:
    """Signs above and below letters are parts of them."""
    return character.isalnum() or unicodedata.category(character).startswith("M")


def phrase(clauses: Sequence[Clause], words: Sequence[str], spelled: Sequence[str]) -> Phrase:
    """What a voice is given for a text. clauses: as espeak-ng read it; words: of the text; spelled: each alone, IPA."""
    symbols: list[str] = []
    for clause in clauses:
        sounds = code_points(clause.ipa)
        if sounds:
            symbols += [*([" "] if symbols else []), *sounds, *_sign(clause, last=clause is clauses[-1])]
    return Phrase(tuple(symbols), tuple(_word_of(symbols, spelled)), tuple(words))


def code_points(ipa: str) -> list[str]:
    """IPA as the voices know it: decomposed, without notes, one space between words."""
    return list(unicodedata.normalize("NFD", " ".join(_NOTE.sub("", ipa).split())))


def _sign(clause: Clause, *, last: bool) -> list[str]:
    found = _END_SIGN.search(clause.text)
    if found is None:
        return [] if last else [","]
    if found[1] == "." and _is_abbreviation(clause.text[: found.start(1) + 1]):
        return []
    return [_SIGNS.get(found[1], found[1])]


def _word_of(symbols: Sequence[str], spelled: Sequence[str]) -> list[int]:
    """For each symbol the word that it belongs to, -1 for signs and spaces.

    A word has as many groups between spaces as it has alone ("24" has two); where there are others, as espeak-ng joins
    words ("of the"), the sounds of each word alone are looked for among all.
    """
    is_sound = [symbol.isalpha() or symbol.isdigit() or bool(unicodedata.combining(symbol)) or symbol in "ˈˌːˑ"
                for symbol in symbols]  # fmt: skip
    groups = _groups(symbols, is_sound)
    if not spelled:
        return [-1] * len(symbols)
    owner = [index for index, ipa in enumerate(spelled) for _ in _NOTE.sub("", ipa).split()]
    if max(groups, default=-1) + 1 == len(owner):
        return [owner[group] if group >= 0 else -1 for group in groups]
    return _aligned(symbols, is_sound, spelled)


def _groups(symbols: Sequence[str], is_sound: Sequence[bool]) -> list[int]:
    out, group, within = [], -1, False
    for sound in is_sound:
        group += sound and not within
        within = sound
        out.append(group if sound else -1)
    return out


def _aligned(symbols: Sequence[str], is_sound: Sequence[bool], spelled: Sequence[str]) -> list[int]:
    alone = [(letter, index) for index, ipa in enumerate(spelled) for letter in code_points(_ADDITIONS.sub("", ipa))]
    places = [at for at, symbol in enumerate(symbols) if is_sound[at] and not _ADDITIONS.match(symbol)]
    matcher = SequenceMatcher(None, [symbols[at] for at in places], [letter for letter, _ in alone], autojunk=False)
    found: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        found.update({places[block.a + k]: alone[block.b + k][1] for k in range(block.size)})
    out, word = [], 0
    for at, sound in enumerate(is_sound):
        word = max(word, found.get(at, word))
        out.append(word if sound else -1)
    return _with_stress(symbols, out)


def _with_stress(symbols: Sequence[str], word: list[int]) -> list[int]:
    """A stress mark belongs to the sound behind it."""
    for at in range(len(symbols) - 2, -1, -1):
        if symbols[at] in "ˈˌ" and word[at + 1] >= 0:
            word[at] = word[at + 1]
    return word
