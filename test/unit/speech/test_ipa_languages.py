"""The phones of whole texts in fourteen languages, by espeak-ng itself: all are known, and lips close and open."""

import importlib.util
import unicodedata
from itertools import chain

import pytest

from avatar_ros.speech.g2p_espeak_process import LetterToSound
from avatar_ros.speech.ipa_text import words_of
from avatar_ros.speech.phone_mapping import IPA, ipa_schedule
from avatar_ros.speech.phones import PHONE_CLASSES

pytestmark = pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="needs espeakng-loader")

#: The first article of the Universal Declaration of Human Rights, and what has further sounds of the language.
TEXTS = {
    "en-US": "All human beings are born free and equal in dignity and rights. They measure the jury's joyful singing.",
    "de-DE": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen. Pfirsich, Zug, Jahr, Garage, "
    "schön, Öl, heute, 21.",
    "fr-FR": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués "
    "de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité. "
    "Huit, montagne, brun, oui, 93.",
    "es-ES": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como "
    "están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros. Año, lluvia, "
    "jamón, cerveza, muchacho, 15.",
    "it-IT": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati "
    "di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza. Gnocchi, pizza, mamma, 17.",
    "pt-BR": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, devem agir uns para com os outros em espírito de fraternidade. Manhã, filho, pães, 40.",
    "nl-NL": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd "
    "met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen. "
    "Huis, deur, schip, 12.",
    "pl-PL": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni "
    "obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa. Źródło, dżem, cień, miód, biały, 6.",
    "tr-TR": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve "
    "birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler. Ağaç, gözlük, çiçek, 8.",
    "ar": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن "
    "يعامل بعضهم بعضا بروح الإخاء. "
    "صباح، طريق، ظهر، غرفة، ١٢",
    "hi-IN": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। "
    "उन्हें बुद्धि और अन्तरात्मा की देन "
    "प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए। फल, ठंडा, झील, पढ़ना",
    "zh-CN": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"
    "你好，中国，是，去，我们，普通，飞机，9",
    "ja-JP": "すべてのにんげんは、うまれながらにしてじゆうであり、かつ、"
    "そんげんとけんりとについてびょうどうである。ふじさん、コーヒー、ちゃ、まっぷ",
    "ko-KR": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 "
    "이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다. 빵, 의사, 3",
}
#: What espeak-ng writes beside letters: stress, length, tones, syllables, joints, and its notes.
MARKS = set("ˈˌːˑ.-'!|~1234567890˥˦˧˨˩") | {chr(c) for c in range(0x300, 0x370)}
MODIFIERS = set("ʰʲʷˠˤˀˡⁿᵝᵊ˞")


@pytest.fixture(scope="module")
def rules():
    return LetterToSound()


@pytest.mark.parametrize("locale", TEXTS)
def test_every_phone_of_a_language_is_known(rules, locale):
    words = rules.phones_of_text(TEXTS[locale], locale).split()
    symbols = {symbol for word in words for symbol in word.split("_") if symbol and not symbol.startswith("(")}
    assert len(symbols) > 15
    for symbol in symbols:
        letters = [c for c in unicodedata.normalize("NFC", symbol) if c not in MARKS | MODIFIERS]
        bare = [c if c in IPA else unicodedata.normalize("NFD", c)[0] for c in letters]
        assert all(c in IPA or c == "g" for c in bare), f"{locale}: {symbol!r} has a letter that no class stands for"
        assert not letters or ipa_schedule(symbol) is not None, symbol


@pytest.mark.parametrize("locale", TEXTS)
def test_lips_close_and_open_in_every_language(rules, locale):
    shown = {
        name for word in words_of(rules.phones_of_text(TEXTS[locale], locale)) for name, _ in chain.from_iterable(word)
    }
    assert shown <= set(PHONE_CLASSES)
    assert shown & {"P", "B"} and "M" in shown
    assert shown & {"AA", "AE", "AH"} and shown & {"IY", "IH"} and shown & {"UW", "UH", "W"}


@pytest.mark.parametrize(
    ("text", "locale", "classes"),
    [
        ("beau", "fr-FR", "B HH AO"),
        ("lune", "fr-FR", "L UW N"),
        ("bon", "fr-FR", "B HH AO"),
        ("Apfel", "de-DE", "AA P HH F AX L"),
        ("zwei", "de-DE", "S V AA IH"),
        ("el vino", "es-ES", "EH L B HH IY N AO"),
        ("是", "zh-CN", "SH IY"),
        ("好", "zh-CN", "HH AA UW"),
        ("日", "zh-CN", "ZH IY"),
        ("まっぷ", "ja-JP", "M AA P HH P HH IH"),
    ],
)
def test_words_as_they_are_said(rules, text, locale, classes):
    words = words_of(rules.phones_of_text(text, locale))
    shown = " ".join(name for word in words for schedule in word for name, _ in schedule)
    assert shown == classes, rules.phones_of_text(text, locale)


@pytest.mark.parametrize("locale", ["xx", "", "not a locale", "klingon"])
def test_a_language_that_no_voice_speaks_has_no_phones(rules, locale):
    assert rules.phones_of_text("hello", locale) == ""


def test_words_stay_american_after_another_language(rules):
    assert rules.phones_of_text("Guten Tag", "de-DE").startswith("ɡ")
    assert rules.phones("hello") == "h_ə_l_ˈoʊ"


@pytest.mark.parametrize("odd", ["", "...", "🙂", "\0", "a\0b", "x" * 5000, "<b>&", "\n\n", "“”", "漢字"])
def test_odd_texts_have_words_or_none(rules, odd):
    for locale in ("fr-FR", "ja-JP", "ar", "zh-CN"):
        assert all(word for word in words_of(rules.phones_of_text(odd, locale)))
