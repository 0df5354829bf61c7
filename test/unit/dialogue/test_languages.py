"""Texts are spoken in the language that they are written in, whatever the question's."""

from __future__ import annotations

import pytest
from dialogue_talk import Talk

from avatar_ros.core import writing_scripts as scripts
from avatar_ros.core.writing_scripts import fits

ENGLISH = "I am sorry, I cannot answer that right now."


def spoken(talk: Talk) -> list[tuple[str, str]]:
    return [(sentence.text, sentence.locale) for sentence in talk.sent("speech/sentence")]


def test_the_greeting_before_a_chinese_answer_is_english() -> None:
    talk = Talk(greeting="Welcome!")
    talk.ask("出口在哪里", locale="zh-CN")
    talk.reply("在您身后。")
    assert spoken(talk) == [("Welcome!", "en-US"), ("在您身后。", "zh-CN")]


def test_an_answer_without_words_is_an_apology_in_its_own_language() -> None:
    talk = Talk(apology="Es tut mir leid.", locale="de-DE")
    talk.ask("where is the exit", locale="en-US")
    talk.reply("")
    assert spoken(talk) == [("Es tut mir leid.", "de-DE")]


def test_an_apology_after_a_timeout_and_other_remarks_are_too() -> None:
    talk = Talk(apology="Es tut mir leid.", too_long="Zu viel.", locale="de-DE", think_patience_s=4.0)
    talk.ask("where is the exit", locale="en-US")
    talk.run(5.0)
    talk.play()
    talk.end()
    talk.ask("word " * 200, locale="en-US")
    assert spoken(talk) == [("Es tut mir leid.", "de-DE"), ("Zu viel.", "de-DE")]


def test_local_answers_to_a_chinese_question_are_spoken_as_the_english_they_are() -> None:
    talk = Talk()
    talk.ask("出口在哪里", locale="zh-CN")
    talk.reply(ENGLISH + " 请再说一遍。")
    assert spoken(talk) == [(ENGLISH, "en-US"), ("请再说一遍。", "zh-CN")]


def test_a_chinese_kiosk_answers_an_english_question_in_a_chinese_voice() -> None:
    talk = Talk(locale="zh-CN")
    talk.ask("where is the exit", locale="en-US")
    talk.reply("在您身后。")
    assert spoken(talk) == [("在您身后。", "zh-CN")]


def test_the_voice_stays_where_the_kiosks_own_would_be_as_wrong() -> None:
    talk = Talk(locale="en-US")
    talk.ask("где выход", locale="ru-RU")
    talk.reply("在您身后。")
    assert spoken(talk) == [("在您身后。", "ru-RU")]


def test_a_foreign_word_alone_does_not_change_the_voice() -> None:
    talk = Talk()
    talk.ask("你好", locale="zh-CN")
    talk.reply("OK! 我用 Wi-Fi 和 USB。")
    assert {locale for _, locale in spoken(talk)} == {"zh-CN"}


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("Where is it", "en-US", True),
        ("Wo ist es", "de-DE", True),
        ("Where is it", "zh-CN", False),
        ("Where is it", "ja-JP", False),
        ("Where is it", "ko", False),
        ("Where is it", "yue-HK", False),
        ("Where is it", "ru-RU", False),
        ("Where is it", "el-GR", False),
        ("Where is it", "ar", False),
        ("Where is it", "hi-IN", False),
        ("Where is it", "th-TH", False),
        ("在您身后", "zh-CN", True),
        ("在您身后", "ja-JP", True),
        ("ここです", "ja-JP", True),
        ("ここです", "zh-CN", False),
        ("여기예요", "ko-KR", True),
        ("在您身后", "en-US", False),
        ("12:30", "zh-CN", True),
        ("", "zh-CN", True),
        ("Wi-Fi", "zh-CN", True),
        ("用 Wi-Fi and USB", "zh-CN", True),
        ("где это", "ru-RU", True),
        ("где это", "uk-UA", True),
        ("gde je to", "sr-RS", True),
        ("Where is it", "", True),
        ("Where is it", "xx", True),
    ],
)
def test_which_texts_a_language_can_read(text: str, locale: str, expected: bool) -> None:
    assert fits(text, locale) is expected


def test_the_first_letter_that_fits_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []
    words_of = scripts.words_of

    def note(letter: str) -> frozenset[str]:
        named.append(letter)
        return words_of(letter)

    monkeypatch.setattr(scripts, "words_of", note)
    assert fits("12 " + "word " * 1000, "en-US")
    assert named == ["w"]
