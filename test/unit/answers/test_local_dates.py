"""Times and dates as each language's file says them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import yaml

from avatar_ros.answers.spoken_dates import spoken_now
from avatar_ros.core.locales import languages, load_language

MOMENT = datetime(2026, 11, 21, 15, 20)
SAID = {
    "de": ("15 Uhr 20", "der einundzwanzigste November 2026", "Samstag", "Guten Tag"),
    "fr": ("15 heures 20", "21 novembre 2026", "samedi", "Bonjour"),
    "es": ("las tres y veinte de la tarde", "21 de noviembre de 2026", "sábado", "Buenas tardes"),
    "it": ("le 15 e 20", "21 novembre 2026", "sabato", "Buongiorno"),
    "pt": ("15 horas e 20 minutos", "21 de novembro de 2026", "sábado", "Boa tarde"),
    "nl": ("15 uur 20", "21 november 2026", "zaterdag", "Goedemiddag"),
    "pl": ("piętnasta dwadzieścia", "dwudziestego pierwszego listopada 2026 roku", "sobota", "Dzień dobry"),
    "tr": ("on beş yirmi", "21 Kasım 2026", "Cumartesi", "İyi günler"),
    "ar": ("الثالثة و 20 دقيقة عصرًا", "21 نوفمبر 2026", "السبت", "مساء الخير"),
    "hi": ("दोपहर 3 बजकर 20 मिनट", "21 नवंबर 2026", "शनिवार", "नमस्ते"),
    "zh": ("下午三点二十分", "二零二六年十一月二十一日", "星期六", "下午好"),
    "ja": ("ごご さんじ にじゅっぷん", "2026ねん じゅういちがつ にじゅういちにち", "どようび", "こんにちは"),
    "ko": ("오후 세 시 20분", "2026년 십일월 21일", "토요일", "안녕하세요"),
}
OTHERS = [code for code in languages() if code != "en"]


@pytest.mark.parametrize("code", OTHERS)
def test_a_moment(code: str) -> None:
    now = spoken_now(MOMENT, load_language(yaml, code))
    assert (now["time"], now["date"], now["weekday"], now["day_greeting"]) == SAID[code]
    assert now["tomorrow"] == load_language(yaml, code).dates.weekdays[6]


@pytest.mark.parametrize("code", OTHERS)
def test_no_two_minutes_of_a_day_are_said_alike(code: str) -> None:
    language = load_language(yaml, code)
    day = datetime(2026, 1, 1)
    said = [spoken_now(day + timedelta(minutes=i), language)["time"] for i in range(24 * 60)]
    assert len(set(said)) == len(said)
    assert all(text.strip() == text and "  " not in text and "{" not in text for text in said)


@pytest.mark.parametrize("code", OTHERS)
def test_no_two_days_of_a_year_are_said_alike(code: str) -> None:
    language = load_language(yaml, code)
    said = [spoken_now(datetime(2028, 1, 1) + timedelta(days=i), language)["date"] for i in range(366)]
    assert len(set(said)) == 366


@pytest.mark.parametrize(
    ("code", "hour", "minute", "words"),
    [
        ("de", 1, 0, "ein Uhr"), ("de", 0, 0, "Mitternacht"), ("fr", 0, 5, "minuit 5"),
        ("fr", 21, 0, "vingt et une heures"),
        ("es", 13, 15, "la una y cuarto del mediodía"), ("es", 1, 0, "la una de la madrugada"),
        ("it", 13, 0, "le 13"), ("it", 1, 30, "l'una e 30"), ("pt", 22, 1, "vinte e duas horas e um minuto"),
        ("pl", 20, 5, "dwudziesta zero pięć"), ("tr", 9, 5, "dokuz sıfır beş"), ("zh", 2, 5, "凌晨两点零五分"),
        ("zh", 14, 0, "下午两点整"), ("ja", 16, 4, "ごご よじ よんぷん"), ("ja", 9, 0, "ごぜん くじ ちょうど"),
        ("ko", 12, 0, "정오"), ("hi", 7, 0, "सुबह 7 बजे"), ("ar", 20, 3, "الثامنة و 3 دقائق مساءً"),
    ],
)  # fmt: skip
def test_what_is_irregular(code: str, hour: int, minute: int, words: str) -> None:
    assert spoken_now(MOMENT.replace(hour=hour, minute=minute), load_language(yaml, code))["time"] == words
