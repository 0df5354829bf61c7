"""Phone labels as corpora write them: TIMIT's .phn files and Praat's TextGrids (both of its text forms)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.rates import LISTENING_RATE_HZ

#: A phone and the sample at which it ends, at 16 kHz; the one before ends where it begins.
Phones = list[tuple[str, int]]
SILENCE = "sil"
#: All that a TextGrid says: strings, and numbers that stand by themselves; what is around them are names for people.
_SAID = re.compile(r'"((?:[^"]|"")*)"|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?!\S)')
_HEADER, _TIER_HEADER = 5, 5  # file type, class, begin, end, tiers; class, name, begin, end, rows
_TIERS = {"IntervalTier": 3, "TextTier": 2}  # class -> entries of one row: times, then the label


def read_labels(path: Path, begin_sample: int, samples: int) -> tuple[Phones, str]:
    """Phones of the `samples` that begin at begin_sample of the labelled sound, and its words, "" where it names none.

    Raises ConfigError, which names the file and what is wrong with it.
    """
    try:
        text = path.read_text("utf-8-sig")
        rows, words = _read_phn(text) if path.suffix == ".phn" else _read_textgrid(text)
        for (_, before, _), (start, _, _) in pairwise(rows):
            if start != before:
                raise ValueError(f"one phone ends at sample {before}, the next begins at {start}")
    except (ValueError, KeyError, OSError) as error:
        raise ConfigError("labels", f"{path}: no phone labels that can be read ({error!r})") from None
    inside = [(phone, start - begin_sample, end - begin_sample) for start, end, phone in rows]
    return [(phone, min(end, samples)) for phone, start, end in inside if end > 0 and start < samples], words


def _read_phn(text: str) -> tuple[list[tuple[int, int, str]], str]:
    rows = [line.split() for line in text.splitlines() if line.strip()]
    return [(int(start), int(end), phone) for start, end, phone in rows], ""


def _read_textgrid(text: str) -> tuple[list[tuple[int, int, str]], str]:
    tiers = dict(_tiers(text))
    phones = [(_sample(start), _sample(end), label or SILENCE) for start, end, label in tiers["phones"]]
    return phones, " ".join(label for _, _, label in tiers.get("words", []) if label).upper()


def _sample(seconds: str) -> int:
    return round(float(seconds) * LISTENING_RATE_HZ)


def _tiers(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    """Name and rows of every tier; the rows of one with points have one time only."""
    said = [number or string.replace('""', '"') for string, number in _SAID.findall(text)]
    if said[:2] != ["ooTextFile", "TextGrid"] or len(said) < _HEADER:
        raise ValueError("no TextGrid")
    at = _HEADER
    for _ in range(int(said[_HEADER - 1])):
        kind, name, _, _, count = said[at : at + _TIER_HEADER]
        width, at = _TIERS[kind], at + _TIER_HEADER
        end = at + int(count) * width
        if end > len(said):
            raise ValueError(f"it ends in the midst of tier {name}")
        yield name, [said[row : row + width] for row in range(at, end, width)]
        at = end
