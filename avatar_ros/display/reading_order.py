"""Text that is read from right to left, in the order in which it is drawn.

The implicit part of the Unicode Bidirectional Algorithm (UAX 9: W1-W7, N1-N2, I1-I2, L2) without explicit embeddings,
which captions have none of: letters of Arabic and Hebrew run leftwards, digits and Latin words within them rightwards.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

_STRONG = frozenset({"L", "R", "AL"})
_NUMBERS = frozenset({"EN", "AN"})


class TextRun(NamedTuple):
    """A piece of a line that is drawn in one direction. script: ISO 15924, what its letters are shaped as."""

    text: str
    right_to_left: bool
    script: str


#: First words of Unicode names -> ISO 15924, of the scripts whose letters change shape or place beside others.
_SCRIPTS = {
    "ARABIC": "Arab", "HEBREW": "Hebr", "DEVANAGARI": "Deva", "BENGALI": "Beng", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "THAI": "Thai",
    "LAO": "Laoo", "KHMER": "Khmr", "MYANMAR": "Mymr", "CJK": "Hani", "HIRAGANA": "Hira", "KATAKANA": "Kana",
    "HANGUL": "Hang", "CYRILLIC": "Cyrl", "GREEK": "Grek",
}  # fmt: skip


def reads_leftwards(text: str) -> bool:
    """Whether its first letter is of a script that is read from right to left (UAX 9, P2-P3)."""
    return next((kind != "L" for kind in map(unicodedata.bidirectional, text) if kind in _STRONG), False)


def drawn_runs(line: str, leftwards: bool) -> list[TextRun]:
    """Runs of a line in the order in which they are drawn, from left to right; the text of each is in reading order.

    leftwards: of the paragraph that the line is of, as `reads_leftwards` says.
    """
    levels = _levels(line, 1 if leftwards else 0)
    runs: list[tuple[int, int, int]] = []
    for at, level in enumerate(levels):
        if runs and runs[-1][2] == level:
            runs[-1] = (runs[-1][0], at + 1, level)
        else:
            runs.append((at, at + 1, level))
    for reached in range(max(levels, default=0), 0, -1):  # L2
        runs = _reversed_where(runs, reached)
    return [TextRun(line[begin:end], level % 2 == 1, _script(line[begin:end])) for begin, end, level in runs]


def _reversed_where(runs: list[tuple[int, int, int]], reached: int) -> list[tuple[int, int, int]]:
    out: list[tuple[int, int, int]] = []
    held: list[tuple[int, int, int]] = []
    for run in runs:
        if run[2] >= reached:
            held.append(run)
        else:
            out += [*reversed(held), run]
            held = []
    return [*out, *reversed(held)]


def _levels(line: str, base: int) -> list[int]:
    kinds = [unicodedata.bidirectional(character) or "ON" for character in line]
    edge = "R" if base else "L"
    _weak(kinds, edge)
    _neutral(kinds, edge)
    levels = []
    for kind in kinds:  # I1, I2
        rises = (kind in ("R", *_NUMBERS), kind in ("L", *_NUMBERS))[base]
        levels.append(base + (2 if base == 0 and kind in _NUMBERS else rises))
    for at in range(len(line) - 1, -1, -1):  # L1: spaces at the end stand at the paragraph's edge
        if not line[at].isspace():
            break
        levels[at] = base
    return levels


def _weak(kinds: list[str], edge: str) -> None:
    before, strong = edge, edge
    for at, kind in enumerate(kinds):
        if kind == "NSM":  # W1
            kinds[at] = before
        if kinds[at] in _STRONG:
            strong = kinds[at]
        if kinds[at] == "EN" and strong == "AL":  # W2
            kinds[at] = "AN"
        before = kinds[at]
    for at, kind in enumerate(kinds):
        kinds[at] = "R" if kind == "AL" else kind  # W3
    for at in range(1, len(kinds) - 1):  # W4
        around = kinds[at - 1]
        joins = kinds[at] == "CS" or (kinds[at], around) == ("ES", "EN")
        if joins and around == kinds[at + 1] and around in _NUMBERS:
            kinds[at] = around
    _terminators(kinds)
    strong = edge
    for at, kind in enumerate(kinds):  # W6, W7
        if kind in ("ES", "ET", "CS"):
            kinds[at] = "ON"
        elif kind == "EN" and strong == "L":
            kinds[at] = "L"
        strong = kind if kind in ("L", "R") else strong


def _terminators(kinds: list[str]) -> None:
    """W5: signs of percent and money belong to the number beside them."""
    for order in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        number = False
        for at in order:
            number = kinds[at] == "EN" or (number and kinds[at] == "ET")
            kinds[at] = "EN" if number else kinds[at]


def _neutral(kinds: list[str], edge: str) -> None:
    """N1, N2: spaces and punctuation go with what stands on both sides, else with the paragraph."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] not in ("L", "R", *_NUMBERS):
            end += 1
        if end > at:
            before = _direction(kinds[at - 1]) if at else edge
            after = _direction(kinds[end]) if end < len(kinds) else edge
            kinds[at:end] = [before if before == after else edge] * (end - at)
        at = end + 1


def _direction(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _script(text: str) -> str:
    for letter in text:
        if letter.isalpha():
            name = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
            return _SCRIPTS.get(name, "Latn")
    return "Latn"
