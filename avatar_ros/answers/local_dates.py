"""Time and date as a language's file in config/locales says them. English has a grammar of its own: spoken_dates.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ..core.locales import Dates


def local_time(now: datetime, dates: Dates) -> str:
    """E.g. "15 Uhr 20", "下午三点二十分"; numbers that the file has no words for as digits, which voices read."""
    if named := dates.times.get(f"{now.hour}:{now.minute:02}"):
        return named
    twelve = (now.hour - 1) % 12 + 1
    known = {
        "hour": _word(dates.hours, now.hour, now.hour),
        "hour12": _word(dates.hours, twelve, twelve),
        "minute": _word(dates.minutes, now.minute, now.minute),
        "part": by_hour(dates.parts_of_day, now.hour),
    }
    return (dates.time if now.minute else dates.full_hour).format_map(known)


def local_date(day: date, dates: Dates) -> str:
    """E.g. "der einundzwanzigste November 2026"."""
    known = {
        "day": _word(dates.days, day.day - 1, day.day),
        "month": dates.months[day.month - 1],
        "year": local_year(day.year, dates),
        "weekday": local_weekday(day, dates),
    }
    return dates.date.format_map(known)


def local_year(year: int, dates: Dates) -> str:
    """As digits, or digit by digit in words."""
    return "".join(_word(dates.year_digits, int(digit), digit) for digit in str(year))


def local_weekday(day: date, dates: Dates) -> str:
    """E.g. "Samstag"."""
    return dates.weekdays[day.weekday()]


def by_hour(named: Sequence[tuple[int, str]], hour: int) -> str:
    """What counts at that hour; named: (hour from which it counts, text), in order; "" for none."""
    return next((text for since, text in reversed(named) if since <= hour), "")


def local_now(now: datetime, dates: Dates) -> dict[str, str]:
    """The placeholders of the answers file that depend on the time of day (local)."""
    return {
        "time": local_time(now, dates),
        "date": local_date(now, dates),
        "weekday": local_weekday(now, dates),
        "year": local_year(now.year, dates),
        "tomorrow": local_weekday(now + timedelta(days=1), dates),
        "daypart": by_hour(dates.dayparts, now.hour),
        "day_greeting": by_hour(dates.greetings, now.hour),
    }


def _word(words: Sequence[str], index: int, otherwise: object) -> str:
    return words[index] if words else str(otherwise)
