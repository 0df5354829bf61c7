"""Time and date in the words that people say and voices read well.

espeak-ng reads "3:05 PM" as "three zero five p m" and "12:00" as "twelve zero zero"; in words there is nothing to read
wrong. Here is English; other languages are said as their files in config/locales say (local_dates.py).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import yaml

from ..core.locales import Dates, Language, load_language
from ..speech.number_readings import cardinal, with_ending
from .local_dates import by_hour, local_now, local_weekday

_HALF, _QUARTER = 30, 15


def spoken_number(number: int) -> str:
    """0-99 in words: "forty-two"."""
    return "-".join(cardinal(number))


def spoken_ordinal(number: int) -> str:
    """1-99 as "first", "twenty-second"."""
    *tens, last = cardinal(number)
    return "-".join([*tens, with_ending(last, "th")])


def spoken_year(year: int) -> str:
    """1000-9999 in words: "nineteen ninety-nine", "two thousand nine", "twenty twenty-six"."""
    century, rest = divmod(year, 100)
    if century % 10 == 0 and rest < 10:
        return " ".join(cardinal(year))
    if rest == 0:
        return f"{spoken_number(century)} hundred"
    return f"{spoken_number(century)} {'oh ' if rest < 10 else ''}{spoken_number(rest)}"


def spoken_time(now: datetime) -> str:
    """E.g. "a quarter past three in the afternoon", "seventeen minutes to nine in the morning", "noon"."""
    if now.minute == 0 and now.hour in (0, 12):
        return "noon" if now.hour else "midnight"
    return f"{_on_the_clock(now.hour, now.minute)} {_of_the_day(now.hour)}"


def spoken_date(day: date) -> str:
    """E.g. "November twenty-first, twenty twenty-six"."""
    return f"{_english().months[day.month - 1]} {spoken_ordinal(day.day)}, {spoken_year(day.year)}"


def spoken_weekday(day: date) -> str:
    """E.g. "Saturday"."""
    return local_weekday(day, _english())


def daypart(now: datetime) -> str:
    """morning, afternoon, evening or night: what goes after "Have a good"."""
    return by_hour(_english().dayparts, now.hour)


def day_greeting(now: datetime) -> str:
    """One of "Good morning", "Good afternoon" or "Good evening": "Good night" would be a farewell."""
    return by_hour(_english().greetings, now.hour)


def spoken_now(now: datetime, language: Language | None = None) -> dict[str, str]:
    """The placeholders of the answers file that depend on the time of day (local). language: None for English."""
    if language is not None and language.code != "en":
        return local_now(now, language.dates)
    return {
        "time": spoken_time(now),
        "date": spoken_date(now),
        "weekday": spoken_weekday(now),
        "year": spoken_year(now.year),
        "tomorrow": spoken_weekday(now + timedelta(days=1)),
        "daypart": daypart(now),
        "day_greeting": day_greeting(now),
    }


def _english() -> Dates:
    return load_language(yaml, "en").dates


def _on_the_clock(hour: int, minute: int) -> str:
    to = minute > _HALF
    count = 60 - minute if to else minute
    named = spoken_number((hour + to - 1) % 12 + 1)
    if count == 0:
        return f"{named} o'clock"
    if count in (_QUARTER, _HALF):
        amount = "a quarter" if count == _QUARTER else "half"
    else:
        amount = spoken_number(count) + ("" if count % 5 == 0 else " minute" if count == 1 else " minutes")
    return f"{amount} {'to' if to else 'past'} {named}"


def _of_the_day(hour: int) -> str:
    if hour < 1 or hour >= 21:
        return "at night"
    if hour < 12:
        return "in the morning"
    return "in the afternoon" if hour < 17 else "in the evening"
