"""A kiosk made of a locale alone: typed questions are answered aloud by espeak-ng in each language, and who changes the
language is answered in it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from avatar_ros.answers.file import load_answers_file
from avatar_ros.answers.translations import translated
from avatar_ros.asr.base import AsrSettings
from avatar_ros.asr.sphinx import SphinxRecogniser
from avatar_ros.asr.stage import build
from avatar_ros.core.locales import languages, load_language, same_language
from avatar_ros.core.paths import share_file
from avatar_ros.core.types import AudioFrame
from avatar_ros.core.writing_scripts import fits
from avatar_ros.speech.phrase_grammar import expand
from avatar_ros.testing.virtual_kiosk import VirtualKiosk
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.espeak import EspeakSettings, EspeakVoice

LANGUAGES = languages()
#: espeak's voice of each, as its own table names it.
VOICES = {
    "en": "en-us", "ar": "ar", "de": "de", "es": "es", "fr": "fr", "hi": "hi", "it": "it", "ja": "ja", "ko": "ko",
    "nl": "nl", "pl": "pl", "pt": "pt-br", "tr": "tr", "zh": "cmn",
}  # fmt: skip


@pytest.fixture(scope="module")
def voice():
    made = EspeakVoice(TtsSettings(), EspeakSettings())
    made.load()
    yield made
    made.close()


@pytest.mark.parametrize("code", LANGUAGES)
def test_espeak_has_a_voice_that_says_every_fixed_text(voice: EspeakVoice, code: str) -> None:
    language = load_language(yaml, code)
    name, known = voice._helper.table.voice(language.locale)
    assert known and name.rpartition("/")[2].lower() == VOICES[code]
    voice.status()
    for text in language.texts.values():
        spoken = text.replace("[happy] ", "")
        sound = np.concatenate([part.pcm for part in voice.speak(spoken, language.locale)])
        assert len(sound) > 0.5 * 22050 and np.abs(sound.astype(float)).mean() > 100, text
    assert "warning" not in voice.status()


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_kiosk_of_the_locale_answers_typed_questions_aloud(tmp_path: Path, code: str) -> None:
    answers = load_answers_file(yaml, translated(share_file("config/answers.yaml"), code))
    kiosk = VirtualKiosk(tmp_path, locale=code)
    for name in ("toilets", "time"):
        intent = next(intent for intent in answers.intents if intent.name == name)
        turn = kiosk.understood(" ".join(expand(intent.phrases, 1)[0]))
        assert turn.answer and fits(turn.answer, answers.locale)
        if name == "toilets":
            assert answers.facts["toilets"] in turn.answer
        said = kiosk.sent("speech/sentence", turn=kiosk.sent("speech/sentence")[-1].turn)
        assert {sentence.locale for sentence in said} == {answers.locale}
        chunks = kiosk.sent("speech/audio", turn=said[0].turn)
        assert sum(len(chunk.pcm) for chunk in chunks) > 0.5 * chunks[0].sample_rate_hz
    kiosk.close()


def test_a_visitor_who_changes_the_language_is_answered_in_it(tmp_path: Path) -> None:
    kiosk = VirtualKiosk(tmp_path)
    for question, locale, holds in (
        ("where are the toilets", "en-US", "toilets"),
        ("wo sind hier die toiletten", "de-DE", "Toiletten"),
        ("où sont les toilettes", "fr-FR", "toilettes"),
        ("where is the exit", "", "exit"),
    ):
        turn = kiosk.understood(question, locale)
        said = [sentence for sentence in kiosk.sent("speech/sentence") if sentence.text][-1]
        assert holds in turn.answer
        assert same_language(said.locale, locale or "en") and same_language(said.locale, said.locale)
        first = next(chunk for chunk in kiosk.sent("speech/audio", turn=said.turn) if chunk.text)
        assert first.locale == said.locale  # it reaches the lips, too
    kiosk.close()


def test_pocketsphinx_says_that_it_hears_english_only_and_is_silent() -> None:
    settings = AsrSettings(locale="de-DE")
    stage = build(settings)
    stage.load()
    warning = stage.status()["warning"]
    assert "pocketsphinx hears en only" in warning and "de-DE" in warning and "fetch" in warning
    pcm = (np.random.default_rng(1).normal(0, 3000, 16000)).astype(np.int16)
    outs = list(stage.push("mic/utterance", AudioFrame(utterance=1, pcm=pcm, last=True), 0.0))
    assert [(out.message.text, out.message.rejected, out.message.final) for out in outs] == [("", False, True)]
    assert SphinxRecogniser(settings).hears == ("en",)
    stage.close()


def test_an_english_kiosk_warns_of_nothing() -> None:
    stage = build(AsrSettings(locale="en-GB"))
    stage.load()
    assert "warning" not in stage.status()
    stage.close()
