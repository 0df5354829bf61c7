"""Words that are in no dictionary: IPA to the acoustic model's phones, and the helper process that is asked for it."""

import importlib.util
import io
import json
import os
import select
import signal

import pytest

from avatar_ros.speech import g2p_espeak as module
from avatar_ros.speech.g2p_espeak import EspeakG2p, arpabet_from_ipa
from avatar_ros.speech.lexicon import Lexicon, foreign_share
from avatar_ros.speech.phone_mapping import IPA
from avatar_ros.speech.pocketsphinx_acoustic import installed_model, read_definition

needs_espeak = pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="needs espeakng-loader")


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("w_ˈɑː_m_b_æ_t", "W AA M B AE T"),
        ("k_ˈiː__ɑː_s_k", "K IY AA S K"),
        ("k_w_ˈaɪɚ", "K W AY ER"),
        ("b_ˈʌ_ʔ_n̩", "B AH T AH N"),
        ("b_ˈɑː_ɾ_əl", "B AA T AH L"),
        ("tʃ_ˈæ_t_b_ɑː_t", "CH AE T B AA T"),
        ("f_ˈɔːɹ_ɾ_i t_ˈuː", "F AO R T IY T UW"),
        ("ɹ_oʊ_b_ˈɑː_ɾ_ɪ_k_s", "R OW B AA T IH K S"),
        ("dʒ_ˌiː_p_ˌiː_j_ˈuː", "JH IY P IY Y UW"),
        ("_ˈ_ː_☃", ""),
        ("", ""),
    ],
)
def test_ipa_becomes_the_models_phones(ipa, phones):
    assert " ".join(arpabet_from_ipa(ipa)) == phones


@pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx")
def test_every_letter_of_ipa_is_a_phone_of_the_model():
    known = read_definition(installed_model() / "en-us" / "mdef").phones
    for letter in IPA:
        assert set(arpabet_from_ipa(letter)) <= set(known), letter
        assert arpabet_from_ipa(letter), letter


@pytest.fixture(scope="module")
def espeak():
    speller = EspeakG2p()
    speller.load()
    yield speller
    speller.close()


@needs_espeak
def test_espeak_says_new_words(espeak, monkeypatch):
    monkeypatch.setattr(module, "REPLY_TIMEOUT_S", 5.0)
    assert espeak("wombat") == (("W", "AA", "M", "B", "AE", "T"),)
    assert espeak("") == ()
    for odd in ("日本", "🙂", "\0", "\n", "a\nb", "x" * 3000, "l'été", '"];', "\ud800"):
        assert all(way for way in espeak(odd))
    assert espeak("wombat") == (("W", "AA", "M", "B", "AE", "T"),), "replies must stay in step with requests"
    lexicon = Lexicon(None, espeak)
    assert lexicon.pronunciations("pfizer") == (("F", "AY", "Z", "ER"),)


def started(speller):
    """Wait until a new helper has answered."""
    select.select([speller._helper.process.stdout], [], [], 60.0)


@needs_espeak
def test_a_helper_that_dies_is_replaced_and_not_waited_for(monkeypatch):
    monkeypatch.setattr(module, "REPLY_TIMEOUT_S", 4.9)
    speller = EspeakG2p()
    speller.load()
    for _ in range(5):  # over the weeks: each answer shows that it is well again
        speller._helper.process.kill()
        assert speller("wombat") == ()
        assert not speller.warning
        started(speller)
        assert speller("wombat")[0][0] == "W"
        assert speller("lynx")[0][0] == "L", "replies must stay in step with requests"
    speller.close()


@needs_espeak
def test_words_that_come_while_a_helper_starts_go_without_it():
    speller = EspeakG2p()
    speller.load()
    speller._helper.process.kill()
    assert speller("wombat") == ()
    new = speller._helper
    new.process.send_signal(signal.SIGSTOP)
    assert [speller(word) for word in ("wombat", "lynx", "ibex")] == [(), (), ()]
    assert speller._helper is new, "one that starts is not one that hangs"
    new.process.send_signal(signal.SIGCONT)
    started(speller)
    assert speller("wombat")[0][0] == "W"
    speller.close()


@needs_espeak
def test_a_helper_that_keeps_hanging_is_given_up():
    speller = EspeakG2p()
    speller.load()
    stopped = None
    for _ in range(4 * (module._MOST_UNANSWERED + 4)):
        if speller._helper not in (None, stopped):
            stopped = speller._helper
            stopped.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, stopped.process.pid, os.WSTOPPED)
        assert speller("wombat") == ()
    assert "helper" in speller.warning
    assert Lexicon(None, speller).pronunciations("map") == (("M", "AE", "P"),)
    speller.close()


def test_without_espeak_there_is_no_helper(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    speller = EspeakG2p()
    speller.load()
    assert speller("wombat") == ()
    assert not speller.warning
    speller.close()


@needs_espeak
def test_the_helper_answers_each_message():
    from avatar_ros.core.helper_process import pack, receive
    from avatar_ros.speech.g2p_espeak_process import serve

    replies = io.BytesIO()
    serve(io.BytesIO(pack(b"W", b'["wombat", "42"]') + pack(b"W", b"[]")), replies)
    replies.seek(0)
    first, second = receive(replies), receive(replies)
    assert first is not None and [arpabet_from_ipa(ipa)[0] for ipa in json.loads(first[1])] == ["W", "F"]
    assert second == (b"P", b"[]") and receive(replies) is None


def test_accents_do_not_hide_a_word_from_the_dictionary(tmp_path):
    path = tmp_path / "dict"
    path.write_text("cafe K AH F EY\n")
    assert Lexicon(path).pronunciations("café") == (("K", "AH", "F", "EY"),)


@pytest.mark.parametrize(
    ("text", "share"), [("Good morning", 0.0), ("Café 12 🙂", 0.0), ("你好", 1.0), ("hello мир", 3 / 8), ("", 0.0)]
)
def test_letters_of_other_scripts_are_counted(text, share):
    assert foreign_share(text) == pytest.approx(share)
