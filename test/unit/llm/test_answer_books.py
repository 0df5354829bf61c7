"""The answers file and its translations: which of them answers whom."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest

from avatar_ros.answers.translations import translated
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import ChatMessage, Prompt
from avatar_ros.llm.answer_books import AnswerBooks
from avatar_ros.llm.answers import LocalAnswers
from avatar_ros.llm.answers_settings import AnswersSettings
from avatar_ros.llm.base import LlmSettings

ENGLISH = share_file("config/answers.yaml")
NOW = datetime(2026, 11, 21, 15, 20)


def books_of(path: Path, locale: str = "en-US") -> AnswerBooks:
    return AnswerBooks(path, locale, AnswersSettings(), random.Random(1))


def said(locale: str, prompt: Prompt) -> tuple[str, str]:
    """(text, locale) of the answer of a kiosk in this language."""
    chat = LocalAnswers(LlmSettings(locale=locale), AnswersSettings(seed=1), now=lambda: NOW)
    chat.load()
    answer = chat.ask(prompt, 0.0, lambda: None)
    text = "".join(answer.take(0.0))
    chat.close()
    return text, answer.locale


@pytest.mark.parametrize(
    ("kiosk", "heard", "text", "locale", "holds"),
    [
        ("en-US", "de-DE", "wie spät ist es", "de-DE", "15 Uhr 20"),
        ("en-US", "fr-CA", "quelle heure est-il", "fr-FR", "15 heures 20"),
        ("de", "de-DE", "wo sind die toiletten", "de-DE", "Toiletten"),
        ("de", "en-US", "where are the toilets", "en-US", "toilets"),
        ("de", "en-US", "wo sind die toiletten", "de-DE", "Toiletten"),  # a recogniser that guessed wrong
        ("de", "", "wo sind die toiletten", "de-DE", "Toiletten"),
        ("zh-CN", "ko-KR", "화장실이 어디예요", "ko-KR", "화장실"),
        ("hi", "sv-SE", "शौचालय कहाँ है", "hi-IN", "शौचालय"),
    ],
)
def test_a_question_is_answered_in_the_language_that_it_is_asked_in(
    kiosk: str, heard: str, text: str, locale: str, holds: str
) -> None:
    answered, spoken = said(kiosk, Prompt(text=text, locale=heard))
    assert spoken == locale and holds in answered


def test_what_nobody_understands_is_said_so_in_the_language_of_who_asked() -> None:
    assert said("de", Prompt(text="quanti abitanti ha la Norvegia", locale="it-IT"))[1] == "it-IT"
    assert said("de", Prompt(text="", rejected=True, locale="de"))[1] == "de-DE"


def test_a_yes_answers_did_you_mean_in_german() -> None:
    asked = "Meinten Sie: wo die Toiletten sind?"
    history = (ChatMessage("user", "örtchen"), ChatMessage("assistant", asked))
    assert "Toiletten" in said("de", Prompt(text="ja", locale="de-DE", history=history))[0]


def test_a_file_of_ones_own_has_the_translations_beside_it_and_no_others(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(ENGLISH.read_text(encoding="utf-8"), encoding="utf-8")
    books = books_of(mine, "de-DE")
    assert books.own.answers.locale == "en-US" and books.of("de-DE") is None
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "de.yaml").write_text(translated(ENGLISH, "de").read_text(encoding="utf-8"), encoding="utf-8")
    german = books_of(mine).of("de-AT")
    assert german is not None and german.answers.locale == "de-DE"


def test_a_translation_that_is_wrong_is_named_and_the_kiosk_goes_on(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(ENGLISH.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "fr.yaml").write_text("intents: []\n", encoding="utf-8")
    books = books_of(mine)
    assert books.of("fr") is None and books.of("fr") is None
    assert "fr.yaml" in books.warning and books.find(Prompt(text="hello", locale="fr"))[0] is books.own
    with pytest.raises(ConfigError, match=r"fr\.yaml"):
        books_of(mine, "fr")
