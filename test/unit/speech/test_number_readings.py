"""Text to words, numbers and how they are read; what a lexicon remembers."""

import importlib.util
from pathlib import Path

import pytest

from avatar_ros.speech import lexicon as module
from avatar_ros.speech.g2p_espeak import arpabet_from_ipa
from avatar_ros.speech.lexicon import Lexicon, sentence_readings
from avatar_ros.speech.number_readings import apart, number_readings


def words(text):
    return [word for readings in sentence_readings(text) for word in readings[0]]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It’s 21 °C & 5% off!", "it's twenty one degrees c and five percent off"),
        ("1,250 cups", "one thousand two hundred fifty cups"),
        ("1,000,250.", "one million two hundred fifty"),
        ("It costs 3.05 now", "it costs three point zero five now"),
        ("Room 12, 3 doors", "room twelve three doors"),
        ("12,3456", "twelve three thousand four hundred fifty six"),
        ("007", "zero zero seven"),
        ("On May 21st, the 2nd, 3rd and 40th", "on may twenty first the second third and fortieth"),
        ("the 1,000th of the 1990s; 12th, 8th", "the one thousandth of the nineteen nineties twelfth eighth"),
        ("10ths of ٣", "ten ths of three"),
        ("the 60's and 6s", "the sixties and sixes"),
        ("5th5 4stars 2mm", "five th five four stars two mm"),
        ("Café Zürich", "café zürich"),
        ("Ｆull ｗidth ２", "full width two"),
        ("The end.", "the end"),
        ("你好 🙂 …", ""),
        ("", ""),
        ("🙂🙃", ""),
    ],
)
def test_words_as_they_are_said(text, spoken):
    assert words(text) == spoken.split()


def said(digits):
    return [" ".join(reading) for reading in number_readings(digits)]


@pytest.mark.parametrize(
    ("digits", "usual", "others"),
    [
        ("1990", "nineteen ninety", {"nineteen hundred ninety", "one thousand nine hundred ninety"}),
        ("1905", "nineteen oh five", {"nineteen hundred five", "one thousand nine hundred and five"}),
        ("1900", "nineteen hundred", {"one thousand nine hundred"}),
        ("1100", "eleven hundred", {"one thousand one hundred"}),
        ("2026", "twenty twenty six", {"two thousand twenty six", "two thousand and twenty six"}),
        ("2005", "two thousand five", {"two thousand and five"}),
        ("105", "one hundred five", {"one hundred and five"}),
        ("1066", "one thousand sixty six", {"one thousand and sixty six"}),
        ("250300", "two hundred fifty thousand three hundred", {"two hundred and fifty thousand three hundred"}),
    ],
)
def test_years_and_hundreds_have_several_readings(digits, usual, others):
    readings = said(digits)
    assert readings[0] == usual
    assert others <= set(readings[1:])
    assert len(readings) == len(set(readings)) <= 5


@pytest.mark.parametrize(
    ("digits", "reading"),
    [
        ("0", "zero"),
        ("13", "thirteen"),
        ("40", "forty"),
        ("99", "ninety nine"),
        ("100", "one hundred"),
        ("2000", "two thousand"),
        ("1,900", "one thousand nine hundred"),
        ("1000000", "one million"),
        ("007", "zero zero seven"),
        ("1234567890", "one two three four five six seven eight nine zero"),
    ],
)
def test_others_have_one(digits, reading):
    assert said(digits) == [reading]


@pytest.mark.parametrize("digits", ["1990", "1905", "1900", "2026", "105", "42", "100", "1234567", "999999999", "007"])
def test_apart_they_say_the_same(digits):
    paths = [()]
    for choices in apart(number_readings(digits)):
        assert all(choices), "no choice is empty"
        paths = [(*path, *choice) for path in paths for choice in choices]
    assert sorted(paths) == sorted(number_readings(digits))


def test_what_readings_share_is_there_once():
    assert apart(number_readings("2026")) == [
        (("twenty",), ("two", "thousand"), ("two", "thousand", "and")), (("twenty",),), (("six",),)
    ]  # fmt: skip
    assert sentence_readings("In 105") == [(("in",),), (("one",),), (("hundred",),), (("five",), ("and", "five"))]
    assert words("In 1990, 105.") == "in nineteen ninety one hundred five".split()


@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="needs espeakng-loader")
def test_espeaks_own_reading_is_among_them():
    from avatar_ros.speech.g2p_espeak_process import LetterToSound

    letters = LetterToSound()

    def sounds(text):
        same = {"IH": "AH", "IY": "AH", "UW": "AH"}  # it stresses otherwise within a number
        return tuple(same.get(phone, phone) for phone in arpabet_from_ipa(letters.phones(text)))

    numbers = (*range(1, 100, 7), *range(100, 1000, 41), *range(1100, 2101, 13), 1900, 2000, 12345, 350000)
    for number in (*numbers, "21st", "2nd", "3rd", "12th", "40th", "105th", "1990s"):
        assert sounds(str(number)) in [sounds(reading) for reading in said(str(number))], number


# --- the lexicon


def dictionary(folder: Path) -> Path:
    path = folder / "dict"
    path.write_text("and AH N D\nand(2) AE N D\nfive F AY V\nfive(2) F AY F\n")
    return path


def test_choices_of_one_word_keep_all_its_pronunciations(tmp_path):
    lexicon = Lexicon(dictionary(tmp_path))
    assert lexicon.pronunciations_of((("five",),)) == (("F", "AY", "V"), ("F", "AY", "F"))
    assert lexicon.pronunciations_of((("five",), ("and", "five"))) == (
        ("F", "AY", "V"), ("F", "AY", "F"), ("AH", "N", "D", "F", "AY", "V")
    )  # fmt: skip


def test_a_word_met_while_the_speller_was_away_is_asked_for_again():
    answers = [(), (("F", "AY", "Z", "ER"),)]
    lexicon = Lexicon(None, lambda word: answers.pop(0))
    assert lexicon.pronunciations("pfizer")[0][0] == "P"
    assert lexicon.pronunciations("pfizer") == (("F", "AY", "Z", "ER"),)
    assert lexicon.pronunciations("pfizer") == (("F", "AY", "Z", "ER"),), "and then remembered"


def test_not_more_than_so_many_words_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CACHED_WORDS", 3)
    asked = []
    lexicon = Lexicon(dictionary(tmp_path), lambda word: asked.append(word) or ((word,),))
    for word in ("one", "two", "three", "four", "four", "one"):
        assert lexicon.pronunciations(word) == ((word,),)
    assert asked == ["one", "two", "three", "four", "one"]
    assert len(lexicon._cache) == 3
