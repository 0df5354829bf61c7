"""Times and dates in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from avatar_ros.answers.spoken_dates import (
    day_greeting,
    spoken_date,
    spoken_now,
    spoken_number,
    spoken_ordinal,
    spoken_time,
    spoken_year,
)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("00:00", "midnight"),
        ("00:15", "a quarter past twelve at night"),
        ("00:59", "one minute to one at night"),
        ("09:00", "nine o'clock in the morning"),
        ("10:01", "one minute past ten in the morning"),
        ("11:45", "a quarter to twelve in the morning"),
        ("12:00", "noon"),
        ("12:30", "half past twelve in the afternoon"),
        ("12:35", "twenty-five to one in the afternoon"),
        ("15:17", "seventeen minutes past three in the afternoon"),
        ("18:20", "twenty past six in the evening"),
        ("23:47", "thirteen minutes to twelve at night"),
    ],
)
def test_spoken_time(time, words):
    hour, minute = time.split(":")
    assert spoken_time(datetime(2026, 11, 21, int(hour), int(minute))) == words


def test_no_two_times_of_a_day_sound_alike_and_none_holds_digits():
    day = datetime(2026, 1, 1)
    spoken = [spoken_time(day + timedelta(minutes=i)) for i in range(24 * 60)]
    assert len(set(spoken)) == len(spoken)
    assert not any(character.isdigit() for text in spoken for character in text)


@pytest.mark.parametrize(
    ("number", "cardinal", "ordinal"),
    [(1, "one", "first"), (12, "twelve", "twelfth"), (20, "twenty", "twentieth"), (22, "twenty-two", "twenty-second"),
     (13, "thirteen", "thirteenth"), (30, "thirty", "thirtieth"), (35, "thirty-five", "thirty-fifth")],
)  # fmt: skip
def test_numbers(number, cardinal, ordinal):
    assert (spoken_number(number), spoken_ordinal(number)) == (cardinal, ordinal)


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1999, "nineteen ninety-nine"),
        (1900, "nineteen hundred"),
        (1905, "nineteen oh five"),
        (2000, "two thousand"),
        (2009, "two thousand nine"),
        (2010, "twenty ten"),
        (2026, "twenty twenty-six"),
        (2100, "twenty-one hundred"),
    ],
)
def test_years(year, words):
    assert spoken_year(year) == words


def test_date():
    assert spoken_date(date(2026, 2, 28)) == "February twenty-eighth, twenty twenty-six"


def test_placeholders_of_a_moment():
    now = spoken_now(datetime(2026, 12, 31, 23, 30))
    assert now["weekday"] == "Thursday" and now["tomorrow"] == "Friday"
    assert now["daypart"] == "night" and now["day_greeting"] == "Good evening"
    assert day_greeting(datetime(2026, 1, 1, 8)) == "Good morning"
