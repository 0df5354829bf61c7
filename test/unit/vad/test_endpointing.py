"""Which sentences go on: the words heard so far, in the languages that recognisers understand."""

import pytest

from avatar_ros.core.types import Transcript
from avatar_ros.vad.endpointing import Words, breaks_off, words_of

UNFINISHED = {
    "en-US": [
        "what is the",
        "where is",
        "where are",
        "how much is",
        "what time is",
        "what time does the",
        "tell me about",
        "can you tell me where the",
        "I would like to",
        "how do I get to",
        "is there",
        "do you have",
        "I want",
        "what can",
        "so um",
        "what's",
        "who is the",
        "I was there and",
        "which of these",
        "how far is it from",
    ],
    "de-DE": ["wo ist", "wo ist die", "ich möchte zum", "was kostet ein", "und", "gibt es einen", "weil", "ähm"],
    "fr-FR": ["où est", "où est la", "je voudrais un", "est-ce que", "et", "euh", "c'est à côté de l'"],
    "es-ES": ["dónde está el", "quiero una", "cuánto cuesta la", "y", "porque", "cerca de", "eh"],
    "it-IT": ["dov'è il", "vorrei una", "quanto costa la", "e", "perché il", "vicino alla", "ehm"],
    "zh-CN": ["请问", "我想", "因为", "我要去博物馆和", "能不能", "如果", "嗯", "这个多少钱，"],
    "zh-HK": ["請問", "我想", "因為", "但係", "呢個同埋"],
    "ja-JP": ["ええと", "すみません、", "トイレと", "駅に", "博物館を", "それから", "あの"],
    "ko-KR": ["그리고", "박물관을", "화장실하고", "음", "왜냐하면", "저기"],
}
FINISHED = {
    "en-US": [
        "what time is it",
        "what that is",
        "tell me what that is",
        "how much is it for",
        "what is that",
        "what's that",
        "what is this for",
        "where are you from",
        "what's it like",
        "what do you have",
        "what do you want",
        "what can you do",
        "where it is",
        "can you tell me where the exit is",
        "how old you are",
        "who is that",
        "where is the exit",
        "i like trees",
        "thank you",
        "yes",
        "what would you like",
        "who are these",
        "what is this about",
    ],
    "de-DE": ["wo ist der Ausgang", "wann macht das Museum auf", "kommst du mit", "was ist das", "wie geht es dir"],
    "fr-FR": ["où est la sortie", "qui êtes-vous", "oui", "ça va"],
    "es-ES": ["dónde está la salida", "dónde está", "qué es eso", "si", "gracias"],
    "it-IT": ["dov'è l'uscita", "che cos'è", "sì", "grazie"],
    "zh-CN": ["出口在哪里", "你叫什么名字", "这是什么", "有什么不同", "他在不在", "谢谢"],
    "zh-HK": ["出口喺邊度", "多謝"],
    "ja-JP": ["出口はどこですか", "お名前は", "トイレはどこ", "はい", "どうするの"],
    "ko-KR": ["출구가 어디예요", "이름은", "감사합니다", "네"],
    "sv-SE": ["var är den"],  # a language without a list waits as ever
    "": ["what is the"],
}


def pairs(table):
    return [(locale, text) for locale, texts in table.items() for text in texts]


@pytest.mark.parametrize(("locale", "text"), pairs(UNFINISHED))
def test_who_breaks_off_is_waited_for(locale, text):
    assert breaks_off(text, locale)
    assert words_of(Transcript(text=text, locale=locale, final=False)) is Words.OPEN


@pytest.mark.parametrize(("locale", "text"), pairs(FINISHED))
def test_who_may_have_finished_is_not(locale, text):
    assert not breaks_off(text, locale)


@pytest.mark.parametrize("text", ["", " ", "…", "?", "。"])
def test_no_words_break_off_nothing(text):
    for locale in UNFINISHED:
        assert not breaks_off(text, locale)


@pytest.mark.parametrize("text", ["Where is the exit?", "What is that?", "Is there?", "出口在哪里？", "トイレは？"])
def test_a_question_mark_is_believed(text):
    assert not breaks_off(text, "en-US")
    assert not breaks_off(text, "zh-CN")


def test_case_punctuation_and_the_form_of_the_locale_do_not_matter():
    assert breaks_off("What is THE…", "en_GB")
    assert breaks_off("What’s", "en")
    assert breaks_off("Wo ist der", "de")
    assert not breaks_off("Wo ist der", "en-US")
