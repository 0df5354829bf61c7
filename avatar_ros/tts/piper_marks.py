"""When each phone and word of a phrase is heard, from the frames that the network gives to each of its symbols.

Before each symbol stands a blank, and what is heard during it is mostly the sound that follows: the closure of a stop
lies in the blank before its symbol, and in the space before its word (measured: docs/measurements.md). So a sound takes
the blank and the short space before it, and the blank behind it where a pause follows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from ..core.enums import MarkKind
from .base import VoiceMark
from .piper_text import Phrase

#: A space of no more frames, its blank included, is no pause; of a pause, the mouth gets ready in as many.
READY_FRAMES = 4
_STRESS = "ˈˌ"
#: Two letters that are one phone.
_PAIRS = {"tʃ", "dʒ", "tɕ", "dʑ", "ts", "dz", "tʂ", "dʐ", "pf"}


class Place(NamedTuple):
    """Frames of a symbol: the blank before it begins, it begins, it ends."""

    blank: int
    begin: int
    end: int


class _Sound(NamedTuple):
    label: str
    begin: int
    end: int
    word: int


def places(frames: Sequence[int], lengths: Sequence[int]) -> list[Place]:
    """Where each symbol of a phrase lies, and after them the phrase's end.

    frames: of each number that the network was given: begin, blank, for each symbol its numbers with a blank behind
    each, end. lengths: how many numbers each symbol has; 0 for one that the voice does not know.
    """
    at, blank, number, out = int(sum(frames[:2])), int(frames[1]), 2, []
    for length in lengths:
        used = [int(count) for count in frames[number : number + 2 * length]]
        number += 2 * length
        own = sum(used[:-1])
        out.append(Place(at - blank, at, at + own) if used else Place(*[at - blank] * 3))
        if used:
            at, blank = at + sum(used), used[-1]
    return [*out, Place(at - blank, at, at + int(sum(frames[number:])))]


def marks(phrase: Phrase, where: Sequence[Place], frame_s: float) -> tuple[VoiceMark, ...]:
    """Phone and word marks in order of time. where: as `places` gives them; frame_s: length of a frame, s."""
    found = _joined(_sounds(phrase, where))
    out = [VoiceMark(MarkKind.PHONE, s.label, s.begin * frame_s, s.end * frame_s) for s in found if s.end > s.begin]
    for index, word in enumerate(phrase.words):
        own = [sound for sound in found if sound.word == index]
        if own and own[-1].end > own[0].begin:
            out.append(VoiceMark(MarkKind.WORD, word, own[0].begin * frame_s, own[-1].end * frame_s))
    return tuple(sorted(out, key=lambda mark: (mark.start_s, mark.kind is MarkKind.PHONE)))


def last_sound_end(phrase: Phrase, where: Sequence[Place]) -> int:
    """The frame in which the last sound ends; 0 where there is none."""
    return max((sound.end for sound in _sounds(phrase, where)), default=0)


def _sounds(phrase: Phrase, where: Sequence[Place]) -> list[_Sound]:
    out: list[_Sound] = []
    begun: int | None = None  # where the next sound begins, if before its own blank
    for at, (symbol, place) in enumerate(zip((*phrase.symbols, " "), where, strict=True)):
        follows = out and out[-1].end == place.blank
        if _is_pause(phrase.symbols, at, place):
            out[-1:] = [out[-1]._replace(end=place.begin)] if follows else out[-1:]  # its release
            begun = None
        elif symbol in _STRESS or symbol.isspace():
            begun = place.blank if begun is None else begun
        elif symbol.isalpha() and unicodedata.category(symbol) != "Lm":
            first = max(place.blank, place.begin - READY_FRAMES) if begun is None else begun
            out.append(_Sound(symbol, first, place.end, phrase.word[at]))
            begun = None
        elif follows:
            out[-1] = _Sound(_extended(out[-1].label, symbol), out[-1].begin, place.end, out[-1].word)
    return out


def _is_pause(symbols: Sequence[str], at: int, place: Place) -> bool:
    """A sign that ends a clause, the space behind it, a long space, or the end."""
    if at == len(symbols):
        return True
    if symbols[at].isspace():
        return _is_sign(symbols, at - 1) or place.end - place.blank > READY_FRAMES
    return _is_sign(symbols, at)


def _is_sign(symbols: Sequence[str], at: int) -> bool:
    """Within a word a dot is a part of a phone's name."""
    if unicodedata.category(symbols[at])[0] != "P":
        return False
    return at + 1 == len(symbols) or symbols[at + 1].isspace()


def _extended(label: str, symbol: str) -> str:
    """A phone's name with what belongs to it; tones and dots are no sound."""
    return label if symbol.isdigit() or not symbol.isprintable() or symbol == "." else label + symbol


def _joined(sounds: Sequence[_Sound]) -> list[_Sound]:
    out: list[_Sound] = []
    for sound in sounds:
        if out and out[-1].label + sound.label in _PAIRS and out[-1].word == sound.word and out[-1].end == sound.begin:
            out[-1] = out[-1]._replace(label=out[-1].label + sound.label, end=sound.end)
        else:
            out.append(sound)
    return out
