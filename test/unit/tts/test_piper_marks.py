"""Frames of symbols to phones and words."""

import pytest

from avatar_ros.core.enums import MarkKind
from avatar_ros.tts.piper_marks import last_sound_end, marks, places
from avatar_ros.tts.piper_text import Phrase


def made(text, frames, words=()):
    """Phones and words as (text, first frame, end frame); each symbol has one number, frames as the network gives."""
    symbols = tuple(text)
    word, index = [], -1
    for at, symbol in enumerate(symbols):
        index += symbol.isalpha() and (at == 0 or symbols[at - 1] == " ")
        word.append(index if symbol.isalpha() and words else -1)
    said = Phrase(symbols, tuple(word), tuple(words))
    where = places(frames, [1] * len(symbols))
    found = [(mark.text, round(mark.start_s), round(mark.end_s), mark.kind) for mark in marks(said, where, 1.0)]
    assert where[-1].end == sum(frames)
    return [row[:3] for row in found if row[3] is MarkKind.PHONE], [row[:3] for row in found if row[3] is MarkKind.WORD]


def test_a_sound_takes_the_blank_before_it_and_the_last_one_that_behind_it():
    # ^2 _1 p3 _4 a5 _6 $7: p from the blank at 2, a from the blank at 6 to the end's
    phones, _ = made("pa", [2, 1, 3, 4, 5, 6, 7])
    assert phones == [("p", 2, 6), ("a", 6, 21)]


def test_stress_belongs_to_the_sound_behind_it_and_length_to_the_one_before():
    # ^1 _1 t1 _2 ˈ3 _4 a5 _6 ː7 _8 $1
    phones, _ = made("tˈaː", [1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1])
    assert phones == [("t", 1, 3), ("aː", 3, 38)]


def test_a_short_space_belongs_to_the_sound_behind_it():
    # ^1 _1 a2 _1 space1 _1 p2 _1 $1
    phones, words = made("a p", [1, 1, 2, 1, 1, 1, 2, 1, 1], ("a", "p"))
    assert phones == [("a", 1, 4), ("p", 4, 10)] and words == phones


def test_a_long_space_and_a_sign_are_pauses():
    # ^1 _1 a2 _2 ,5 _9 space8 _3 b2 _1 .4 _6 $2
    phones, _ = made("a, b.", [1, 1, 2, 2, 5, 9, 8, 3, 2, 1, 4, 6, 2])
    assert phones == [("a", 1, 6), ("b", 28, 34)]
    # ^1 _1 a2 _2 space9 _3 b2 _1 $2
    phones, _ = made("a b", [1, 1, 2, 2, 9, 3, 2, 1, 2])
    assert phones == [("a", 1, 6), ("b", 15, 21)]


def test_affricates_are_one_phone_and_tones_none():
    assert [row[0] for row in made("tʃi2", [1] * 11)[0]] == ["tʃ", "i"]


def test_symbols_that_a_voice_does_not_know_take_no_time():
    said = Phrase(("a", "x", "b"), (-1, -1, -1), ())
    where = places([1, 1, 2, 1, 3, 1, 1], [1, 0, 1])
    assert [mark.text for mark in marks(said, where, 1.0)] == ["a", "b"]
    assert last_sound_end(said, where) == 9


@pytest.mark.parametrize("text", ["...", "", " "])
def test_without_sounds_there_are_no_marks(text):
    frames = [1] * (2 * len(text) + 3)
    assert made(text, frames) == ([], [])
    assert last_sound_end(Phrase(tuple(text), (-1,) * len(text), ()), places(frames, [1] * len(text))) == 0
