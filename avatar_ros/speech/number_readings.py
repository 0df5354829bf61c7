"""Numbers as they are read aloud in English: most in one way, years and hundreds in several."""

from __future__ import annotations

from collections.abc import Sequence

#: Ways to read one stretch of a text, the usual one first; each in words.
Readings = tuple[tuple[str, ...], ...]

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SIZES = ((1_000_000, "million"), (1000, "thousand"), (100, "hundred"))
_LONGEST_NUMBER = 9
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
             "twelve": "twelfth"}  # fmt: skip
#: Read in pairs, as years are: "nineteen ninety". From 2000 to 2009 nobody does.
_IN_PAIRS = (range(1100, 2000), range(2010, 2100))


def number_readings(text: str) -> Readings:
    """The likely ways to say a whole number; very long ones and those with leading zeros digit by digit.

    text: "1990", or with commas, "1,990", which is no year; with an ending, "1990s", "1990's", "21st".
    """
    digits = text.rstrip("'dhnrst")
    ending = text[len(digits) :]
    return tuple((*reading[:-1], with_ending(reading[-1], ending)) for reading in _plain_readings(digits))


def _plain_readings(digits: str) -> Readings:
    years, digits = "," not in digits, digits.replace(",", "")
    if len(digits) > _LONGEST_NUMBER or (digits.startswith("0") and len(digits) > 1):
        return (tuple(_ONES[int(d)] for d in digits),)
    number = int(digits)
    readings = [*(_pairs(number) if years else []), cardinal(number), cardinal(number, "and")]
    return tuple(dict.fromkeys(map(tuple, readings)))


def with_ending(word: str, ending: str) -> str:
    """The last word of a number with the ending "s", "th" or "": "nineties", "twenty-first"."""
    stem = word[:-1] + "ie" if word.endswith("y") else word
    if ending.endswith("s"):
        return stem + ("es" if word == "six" else "s")
    return _ORDINALS.get(word, stem + "th") if ending else word


def apart(readings: Readings) -> list[Readings]:
    """The same as a sequence: words that all readings begin or end with alone, between them what differs."""
    shortest = min(map(len, readings))
    if len(readings) == 1:
        return [((word,),) for word in readings[0]]
    begin = _shared(readings, shortest - 1)
    end = _shared([reading[::-1] for reading in readings], shortest - 1 - begin)
    first = readings[0]
    middle = tuple(reading[begin : len(reading) - end] for reading in readings)
    return [*(((word,),) for word in first[:begin]), middle, *(((word,),) for word in first[len(first) - end :])]


def _shared(readings: Sequence[tuple[str, ...]], most: int) -> int:
    """How many words all readings begin with, up to `most`: each keeps one for the middle."""
    count = 0
    while count < most and len({reading[count] for reading in readings}) == 1:
        count += 1
    return count


def _pairs(number: int) -> list[list[str]]:
    if not any(number in years for years in _IN_PAIRS):
        return []
    century, rest = divmod(number, 100)
    hundred = [*cardinal(century), "hundred"]
    if not rest:
        return [hundred] if century != 20 else []
    usual = [*cardinal(century), *(["oh"] if rest < 10 else []), *cardinal(rest)]
    return [usual] if century == 20 else [usual, [*hundred, *cardinal(rest)], [*hundred, "and", *cardinal(rest)]]


def cardinal(number: int, joint: str = "") -> list[str]:
    """The words of a number below a thousand millions. joint: before tens and ones of a larger one, "and" or ""."""
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]
    size, name = next(item for item in _SIZES if number >= item[0])
    rest = number % size
    words = [*cardinal(number // size, joint), name]
    return words + ([joint] if joint and 0 < rest < 100 else []) + (cardinal(rest, joint) if rest else [])
