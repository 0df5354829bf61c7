"""Texts are spoken in the language that they are written in, whatever the question's."""

from __future__ import annotations

import pytest
import yaml
from dialogue_talk import EPOCH, Talk

from avatar_ros.core import writing_scripts as scripts
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.locales import languages, load_language
from avatar_ros.core.spoken_text import join_sentences
from avatar_ros.core.types import Reply
from avatar_ros.core.writing_scripts import fits
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.fixed_texts import check_languages

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


# --- the dialogue's own texts, in the language of the person ------------------------------------------------------


def own_text(name: str, locale: str) -> str:
    return load_language(yaml, locale).texts[name].replace("[happy] ", "")


@pytest.mark.parametrize("code", [code for code in languages() if code != "en"])
def test_a_kiosk_apologises_in_its_language_by_locale_alone(code: str) -> None:
    talk = Talk(locale=code, think_patience_s=4.0)
    talk.ask("?a", locale="")
    talk.run(5.0)
    said = spoken(talk)
    assert join_sentences([text for text, _ in said]) == own_text("apology", code)
    assert {locale for _, locale in said} == {code}
    assert talk.prompt.locale == code


def test_a_visitor_who_speaks_german_gets_the_apology_in_german() -> None:
    talk = Talk(think_patience_s=4.0)
    talk.ask("wo ist der ausgang", locale="de-AT")
    talk.run(5.0)
    assert spoken(talk) == [(own_text("apology", "de"), "de-AT")]


def test_what_was_not_understood_is_in_the_language_that_was_spoken_before() -> None:
    talk = Talk()
    talk.ask("wo ist der ausgang", locale="de-DE")
    talk.reply("Dort.")
    talk.play()
    talk.end()
    talk.ask("", rejected=True, locale="ja-JP")
    assert talk.prompt.locale == "de-DE"


def test_the_next_person_is_spoken_to_in_the_kiosks_language_again() -> None:
    talk = Talk(greeting="auto", idle_after_s=10.0)
    talk.ask("wo ist der ausgang", locale="de-DE")
    talk.reply("Dort.")
    talk.play()
    talk.end()
    talk.run(15.0)
    talk.ask("where is the exit", locale="")
    assert talk.prompt.locale == "en-US"
    assert spoken(talk)[-1] == ("How can I help you?", "en-US")


def test_languages_that_are_not_wanted_are_answered_in_the_kiosks_own() -> None:
    talk = Talk(locale="de", languages=("fr",))
    for locale, expected in (("ko-KR", "de"), ("fr-CA", "fr-CA"), ("de-CH", "de-CH")):
        talk.ask("hallo", locale=locale)
        assert talk.prompt.locale == expected
        talk.reply("Ja.")
        talk.play()
        talk.end()


def test_an_answer_that_names_its_language_is_spoken_in_it() -> None:
    talk = Talk(locale="de")
    talk.ask("wo ist der ausgang", locale="en-US")
    talk.tell("dialogue/reply", Reply("local", EPOCH, talk.turn, 0, "Hinter Ihnen.", True, locale="de-DE"))
    assert spoken(talk) == [("Hinter Ihnen.", "de-DE")]


@pytest.mark.parametrize(
    ("text", "locale", "interrupts"),
    [
        ("verstehe", "de-DE", False), ("d'accord", "fr-FR", False), ("अच्छा", "hi-IN", False),
        ("なるほど", "ja-JP", False),
        ("genau", "", False), ("okay", "ko-KR", False), ("wo ist das", "de-DE", True), ("c'est où", "fr-FR", True),
        ("verstehe", "fr-FR", True),
    ],
)  # fmt: skip
def test_signs_of_listening_are_those_of_the_language_that_is_spoken(text: str, locale: str, interrupts: bool) -> None:
    talk = Talk()
    talk.answer("where is the exit", "It is behind you, through the glass doors, and then to the left.")
    talk.ask(text, 0.4, locale=locale)
    assert bool([order for order in talk.cancels() if order.reason == "interrupted"]) is interrupts


STOPS = [("halt", "de"), ("basta", "it"), ("别说了", "zh-CN"), ("그만", "ko"), ("stop", "ar")]


@pytest.mark.parametrize(("text", "locale"), STOPS)
def test_stop_is_known_in_each_language(text: str, locale: str) -> None:
    talk = Talk(locale=locale)
    talk.answer("?a", "…Ja, hinter Ihnen.")
    talk.ask(text, 0.4, locale=locale)
    assert talk.cancels()[-1].reason == "stop" and len(talk.prompts) == 1


def test_a_locale_without_texts_ends_the_start() -> None:
    with pytest.raises(ConfigError, match="xx"):
        check_languages(DialogueSettings(locale="xx"))
