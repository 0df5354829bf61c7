"""Every voice that espeak-ng lists speaks its own language, by its locale's name; what it cannot read is named."""

import importlib.util
from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.errors import ConfigError, TtsError
from avatar_ros.testing.settings import make
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings

if importlib.util.find_spec("espeakng_loader") is None:
    pytest.skip("needs espeakng_loader", allow_module_level=True)

from avatar_ros.tts.espeak import EspeakSettings, EspeakVoice

#: Language code -> a few words of that language, in its script; "": Latin letters of any kind will do.
SAMPLES = {
    "am": "ሰላም ለሁሉም", "ar": "مرحبا بكم", "as": "নমস্কাৰ", "ba": "Һаумыһығыҙ", "be": "Добры дзень",
    "bg": "Добър ден", "bn": "নমস্কার", "bpy": "নমস্কার", "cmn": "你好，世界", "zh-cmn": "你好", "zh": "您好",
    "cv": "Ырă кун", "el": "Καλημέρα σας", "fa": "سلام به همه", "grc": "χαῖρε", "gu": "નમસ્તે", "he": "שלום לכולם",
    "hi": "नमस्ते दुनिया", "hy": "Բարեւ ձեզ", "hy-arevela": "Բարեւ", "hyw": "Բարեւ ձեզ", "hy-arevmda": "Բարեւ",
    "ja": "こんにちは", "ka": "გამარჯობა", "kk": "Сәлеметсіз бе", "kn": "ನಮಸ್ಕಾರ", "ko": "안녕하세요", "kok": "नमस्कार",
    "ky": "Саламатсызбы", "mk": "Добар ден", "ml": "നമസ്കാരം", "mr": "नमस्कार", "my": "မင်္ဂလာပါ", "ne": "नमस्ते",
    "nog": "Салам", "or": "ନମସ୍କାର", "pa": "ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ", "ru": "Добрый день", "ru-cl": "Добрый день",
    "ru-lv": "Добрый день", "sd": "سلام", "shn": "မႂ်ႇသုင်", "si": "ආයුබෝවන්", "sr": "Добар дан", "ta": "வணக்கம்",
    "te": "నమస్కారం", "th": "สวัสดีครับ", "ti": "ሰላም", "tt": "Сәлам", "ug": "ياخشىمۇسىز", "uk": "Добрий день",
    "ur": "السلام علیکم", "uz": "Assalomu alaykum", "yue": "你好", "zh-yue": "你好", "en-shaw": "𐑣𐑧𐑤𐑴",
}  # fmt: skip
LATIN = "mano nata dima salu"


@pytest.fixture(scope="module")
def voice():
    made = make(TTS_BACKENDS, TtsSettings)
    made.load()
    yield made
    made.close()


def sound(voice, text, locale):
    return np.concatenate([part.pcm for part in voice.speak(text, locale)])


def phones(voice, text, locale):
    return "".join(m.text for part in voice.speak(text, locale) for m in part.marks if m.kind.name == "PHONE")


def is_heard(pcm):
    return len(pcm) > 2000 and np.abs(pcm.astype(int)).max() > 1000


def test_every_language_code_that_espeak_lists_is_heard_in_its_own_words(voice):
    codes = voice._started().table.codes
    assert len(codes) > 130
    mute = [code for code in codes if not is_heard(sound(voice, SAMPLES.get(code, LATIN), code))]
    assert not mute
    assert "warning" not in voice.status()


def test_no_sample_is_spelled_out_in_english(voice):
    """Whoever reads a text names no letters: "Chinese letter", "Cyrillic a"."""
    english = phones(voice, "Chinese letter, letter, Cyrillic, Hebrew, Arabic", "en-GB")
    assert "lɛtə" in english
    spelled = {code: heard for code, text in SAMPLES.items() if "lɛtə" in (heard := phones(voice, text, code))}
    assert not spelled


def test_a_foreign_script_is_read_by_a_voice_that_knows_it(voice):
    for code in ("cmn", "ja", "ru", "el", "he", "ar", "hi", "th", "ko", "ta", "ka"):
        assert phones(voice, SAMPLES[code], "en-US") == phones(voice, SAMPLES[code], code), code


VOICES = (
    "fr=roa/fr fr-FR=roa/fr fr_CA=roa/fr fr-BE=roa/fr-BE fr-CH=roa/fr-CH en=gmw/en-US en-US=gmw/en-US "
    "en-GB=gmw/en en-GB-scotland=gmw/en-GB-scotland en_GB.UTF-8=gmw/en pt=roa/pt-BR pt-BR=roa/pt-BR pt-PT=roa/pt "
    "pt-AO=roa/pt es=roa/es es-ES=roa/es es-MX=roa/es-419 es-AR=roa/es-419 es-419=roa/es-419 zh=sit/cmn "
    "zh-CN=sit/cmn zh-Hans-CN=sit/cmn zh-TW=sit/cmn cmn-CN=sit/cmn zh-HK=sit/yue zh-Hant-HK=sit/yue yue=sit/yue "
    "yue-HK=sit/yue zh-yue=sit/yue nb-NO=gmq/nb nn-NO=gmq/nb no=gmq/nb he-IL=sem/he iw=sem/he id-ID=poz/id "
    "in-ID=poz/id sr-RS=zls/sr sr-Latn-RS=zls/sr hr-HR=zls/hr bs-BA=zls/bs sh=zls/hr ca-ES-valencia=roa/ca-va "
    "de-AT=gmw/de ru-RU=zle/ru hy-AM=ine/hy vi-VN=aav/vi ro-MD=roa/ro mo=roa/ro el-GR=grk/el "
)


@pytest.mark.parametrize("pair", VOICES.split())
def test_which_voice_a_locale_has(voice, pair):
    locale, identifier = pair.split("=")
    assert voice._started().table.voice(locale) == (identifier, True)


@pytest.mark.parametrize("locale", ["fil-PH", "tl", "xx-XX", "mn-MN", "../../etc", "fo-FO", "kaa", "xex"])
def test_a_language_without_a_voice_is_named(voice, locale):
    voice.status()
    assert is_heard(sound(voice, "Kumusta po kayo", locale))
    assert f"no voice for '{locale}'" in voice.status()["warning"]
    assert "warning" not in voice.status()


@pytest.mark.parametrize(
    ("text", "locale"),
    [("漢字", "ja-JP"), ("日本", "ja"), ("漢字", "ko-KR"), ("ສະບາຍດີ", "lo-LA"), ("សួស្តី", "km-KH"), ("བོད", "en-US")],
)
def test_what_no_voice_can_read_is_refused_by_name(voice, text, locale):
    with pytest.raises(TtsError, match=text) as caught:
        sound(voice, text, locale)
    assert caught.value.code == "tts_unreadable"


def test_what_can_be_read_of_a_text_is_and_the_rest_is_named(voice):
    assert phones(voice, "漢字です", "ja-JP") == phones(voice, "です", "ja-JP")
    assert "漢字" in voice.status()["warning"]
    assert phones(voice, "ok ສະບາຍດີ 12", "en-US") == phones(voice, "ok", "en-US") + phones(voice, "12", "en-US")


def test_half_a_character_is_passed_over(voice):
    """Half a surrogate pair, as bytes that are no UTF-8 become on a command line, ended the voice's process."""
    assert phones(voice, "ok \ud800 so", "en-US") and not voice.status().get("espeak_restarts")


def test_marks_of_a_text_of_two_voices_lie_in_order_on_its_sound(voice):
    parts = list(voice.speak("Say 你好 and привет!", "en-US"))
    marks = [mark for part in parts for mark in part.marks]
    assert [m.text for m in marks if m.kind.name == "WORD"] == ["Say", "你", "and", "привет"]
    starts = [mark.start_s for mark in marks]
    assert starts == sorted(starts)
    assert marks[-1].end_s <= sum(len(part.pcm) for part in parts) / parts[0].sample_rate_hz + 1e-6


def test_digits_and_points_are_read_as_what_they_are(voice):
    assert phones(voice, "٣٤", "en-US") == phones(voice, "34", "en-US")
    assert phones(voice, "שָׁלוֹם", "he-IL") == phones(voice, "שלום", "he-IL")


@pytest.mark.parametrize("name", ["en-us+Demonic", "de+rob", "en-us+DEMONIC", "fo", "xyz"])
def test_voices_that_crash_or_say_nothing_are_refused_by_name(name):
    made = make(TTS_BACKENDS, TtsSettings, voices=(f"de-DE={name}",))
    with pytest.raises(ConfigError, match="(?i)" + name.rpartition("+")[2]) as caught:
        made.load()
    made.close()
    assert caught.value.code == "tts_voice"


def test_a_variant_speaks_a_foreign_script_as_well():
    made = make(TTS_BACKENDS, TtsSettings, voices=("en-US=en-us+f3",))
    made.load()
    assert [run.voice for run in made._started().table.runs("hi привет", "en-US")] == ["gmw/en-US+f3", "zle/ru+f3"]
    assert is_heard(sound(made, "hi привет", "en-US"))
    made.close()


def test_voices_of_a_service_are_not_asked_of_the_fallback():
    made = EspeakVoice(
        TtsSettings(backend="edge"), EspeakSettings(voices=("en-US=en-US-AvaNeural", "de=de+f2"))
    )
    made.load()
    assert made._started().table.voice("en-US") == ("gmw/en-US", True)
    assert made._started().table.voice("de") == ("gmw/de+f2", True)
    made.close()


@pytest.mark.parametrize("word", ["Ball", "all", "call", "well", "school", "fall", "Paul", "little", "I will"])
def test_a_final_l_has_a_mark(voice, word):
    """It has no time of its own in espeak-ng's events, and was lost."""
    for text in (f"{word}.", f"{word}, then."):
        found = [m for part in voice.speak(text, "en-US") for m in part.marks if m.kind.name == "PHONE"]
        (last,) = [m for m in found if m.text.endswith("l")][-1:]
        assert last.end_s - last.start_s > 0.03
        assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(found)), "phones follow each other"


def test_people_may_choose_among_variants_of_every_language(voice):
    offered = voice.voices()
    assert {one.locale for one in offered} == {""} and len({one.id for one in offered}) == len(offered) > 8

    def said(choice, locale="de-DE", text="Guten Morgen"):
        return np.concatenate([part.pcm for part in voice.speak_as(choice, text, locale)])

    assert all(is_heard(said(one.id)) for one in offered)
    usual = colour(np.concatenate([part.pcm for part in voice.speak("Guten Morgen", "de-DE")]))
    others = max(np.dot(colour(said(choice)), usual) for choice in ("f2", "m3", "m7"))
    for unknown in ("", "usual", "nobody", "f2; rm -rf"):
        assert np.dot(colour(said(unknown)), usual) > others, "the usual voice"


def colour(pcm):
    """The spectrum of a sound, by which voices differ; unit length."""
    spectrum = np.abs(np.fft.rfft(pcm.astype(float), 1 << 16))
    bands = spectrum[:32768].reshape(256, -1).mean(axis=1)
    return bands / np.linalg.norm(bands)
