"""The answers file in each language: its own patterns are found, and questions that stand in none."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
import yaml

from avatar_ros.answers.file import PLACEHOLDER, Answers, load_answers_file
from avatar_ros.answers.folding import fold, folded_words
from avatar_ros.answers.matcher import Matcher
from avatar_ros.answers.responses import ResponseHistory, ResponseSelector
from avatar_ros.answers.translations import translated
from avatar_ros.core.locales import languages, load_language
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import ChatMessage
from avatar_ros.core.writing_scripts import fits
from avatar_ros.speech.phrase_grammar import expand

ENGLISH = share_file("config/answers.yaml")
OTHERS = [code for code in languages() if code != "en"]
#: A dozen and more that each language answers; the first ones as English names them.
LEAST = set("greeting your_name time date help opening_hours toilets exit info_desk cafe lift wifi tickets".split())
LEAST |= {"repeat", "thanks", "goodbye", "agree", "decline"}

#: Not one of them is a pattern, word by word, of the file: how people say it, with and without accents and spaces.
FREE = {
    "de": {"toilets": "wo sind denn hier bitte die toiletten", "opening_hours": "wie lange habt ihr heute noch offen"},
    "fr": {"toilets": "Excusez-moi, vous savez où sont les toilettes ?", "time": "vous auriez l'heure s'il vous plait"},
    "es": {"toilets": "donde esta el bano por favor", "tickets": "cuánto vale una entrada para niños"},
    "it": {"exit": "scusi dove si trova l uscita", "time": "che ore sono in questo momento"},
    "pt": {"toilets": "onde é que fica o banheiro mais próximo", "time": "que horas sao agora"},
    "nl": {"toilets": "waar is hier ergens het toilet", "opening_hours": "hoe laat gaan jullie vandaag eigenlijk open"},
    "pl": {"toilets": "gdzie jest najblizsza toaleta", "time": "ktora jest teraz godzina"},
    "tr": {"toilets": "Pardon, tuvalet acaba nerede?", "time": "SAAT KAÇ ŞU ANDA"},
    "ar": {"toilets": "اين الحمام لو سمحت", "time": "كم الساعة الان من فضلك"},
    "hi": {"toilets": "शौचालय कहां है भाई", "time": "अभी कितने बज रहे हैं"},
    "zh": {"toilets": "请问一下，最近的洗手间在哪里呀？", "time": "请问现在是几点钟了", "exit": "出口在哪边啊"},
    "ja": {"toilets": "すみません、トイレはどこにありますか？", "time": "今は何時ですか",
           "exit": "でぐちは どこ ですか"},
    "ko": {"toilets": "화장실이 어디에 있는지 알려 주세요", "time": "지금몇시예요?"},
}
OFF_TOPIC = {
    "de": "wer hat die fußballweltmeisterschaft gewonnen", "fr": "qui a inventé la machine à vapeur",
    "es": "cuántos habitantes tiene Noruega", "it": "chi ha dipinto la Gioconda", "pt": "quem descobriu o Brasil",
    "nl": "wie schreef het dagboek van Anne Frank", "pl": "kto napisał Pana Tadeusza",
    "tr": "en yüksek dağın adı ne", "ar": "من اخترع الهاتف", "hi": "ताजमहल किसने बनवाया",
    "zh": "世界上最高的山是哪座", "ja": "富士山の高さはどのくらい", "ko": "세종대왕은 언제 태어났어요",
}  # fmt: skip


def book(code: str) -> Answers:
    return load_answers_file(yaml, translated(ENGLISH, code))


@pytest.mark.parametrize("code", OTHERS)
def test_every_pattern_finds_its_own_question(code: str) -> None:
    answers = book(code)
    assert answers.locale == load_language(yaml, code).locale and {i.name for i in answers.intents} >= LEAST
    matcher = Matcher(answers, 0.55)
    for intent in answers.intents:
        for words in expand(intent.phrases, 150):
            found = matcher.exact(" ".join(words))
            assert found is intent, f"{' '.join(words)}: {found.name if found else None}, not {intent.name}"


@pytest.mark.parametrize(("code", "name", "text"), [(c, n, t) for c, asked in FREE.items() for n, t in asked.items()])
def test_what_people_say_is_found(code: str, name: str, text: str) -> None:
    matcher = Matcher(book(code), 0.55)
    found = matcher.find(text)
    assert found is not None and found.name == name


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_not_in_the_file_is_not_found(code: str) -> None:
    found = Matcher(book(code), 0.55).find(OFF_TOPIC[code])
    assert found is None, found.name


@pytest.mark.parametrize("code", OTHERS)
def test_all_that_is_said_is_filled_in_and_in_the_languages_script(code: str) -> None:
    answers = book(code)
    history = (ChatMessage("user", "?"), ChatMessage("assistant", answers.facts["place"]))
    english = set(load_answers_file(yaml, ENGLISH).facts.values())
    assert not english & (set(answers.facts.values()) - {"Robin"})
    for seed in range(6):
        selector = ResponseSelector(answers, random.Random(seed))
        for intent in (*answers.intents, None, None):
            text = selector.select(intent, ResponseHistory(), history, datetime(2026, 11, 21, 15, 20))
            assert not PLACEHOLDER.search(text) and fits(text, answers.locale), text


@pytest.mark.parametrize("code", OTHERS)
def test_facts_are_the_same_in_each_language(code: str) -> None:
    assert set(book(code).facts) == set(book("de").facts) <= set(load_answers_file(yaml, ENGLISH).facts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Où est l'ascenseur", "ou est l’ascenseur"), ("¿Dónde está el baño?", "donde esta el bano"),
        ("DIŞARIDA", "disarida"), ("Straße", "STRASSE"), ("źdźbło", "zdzblo"),
        ("トイレ", "といれ"), ("ＡＢＣ１", "abc1"),
        ("أين الحمّام", "اين الحمام"), ("मुफ़्त", "मुफ्त"), ("कहाँ", "कहां"),
        ("화장실 어디", "화장실어디"), ("洗手间", "洗 手 间"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_thing(first: str, second: str) -> None:
    assert folded_words(fold(first)) == folded_words(fold(second)) != ()


def test_words_of_india_and_arabia_stay_whole() -> None:
    assert folded_words(fold("शौचालय कहाँ है?")) == ("शौचालय", "कहां", "है")
    assert folded_words(fold("أين دورةُ المياه؟")) == ("اين", "دوره", "المياه")
