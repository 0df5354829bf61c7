"""Phrases of recorded people as questions: cut where words begin and end, and added to the answers file as they are."""

import json
import wave

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
pytest.importorskip("yaml", reason="PyYAML is not installed")
from avatar_ros.asr.sphinx import load
from avatar_ros.core.paths import share_file
from avatar_ros.speech.phrase_grammar import accepts
from benchmarks.recognition.recorded_phrases import Phrase, answers_with, held_out_phrases
from benchmarks.recognition.synthetic_voices import SyntheticVoice, synthesize

TEXT = "the old man went down to the river and looked for his little boat all day long"


@pytest.fixture
def data(tmp_path):
    pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
    pytest.importorskip("soxr", reason="soxr is not installed")
    (pcm,) = synthesize(SyntheticVoice("espeak", "en-us", 140), [TEXT])
    (tmp_path / "speech").mkdir()
    with wave.open(str(tmp_path / "speech" / "reader.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(pcm.tobytes())
    (tmp_path / "speech" / "transcripts.json").write_text(json.dumps({"reader": {"text": TEXT.upper() + "."}}))
    return tmp_path


def test_phrases_are_runs_of_words_with_the_sound_of_these_words(data):
    phrases = held_out_phrases(data)
    whole_s = sum(len(phrase.pcm) for phrase in phrases) / 16000
    assert len(phrases) >= 4
    for phrase in phrases:
        assert phrase.text in TEXT
        assert 3 <= len(phrase.text.split()) <= 9
        letters, seconds = len(phrase.text), len(phrase.pcm) / 16000
        assert 0.03 < seconds / letters < 0.2, (phrase.text, seconds)
    assert [p.text for p in held_out_phrases(data)] == [p.text for p in phrases]
    assert whole_s > 0


def test_the_answers_file_takes_phrases_as_questions_and_keeps_its_own(tmp_path):
    shipped = share_file("config/answers.yaml")
    silence = np.zeros(16000, np.int16)
    phrases = [Phrase("somebody", "yknow what i'm saying", silence), Phrase("somebody", "ask not what your", silence)]
    before, after = load(shipped), load(answers_with(phrases, shipped, tmp_path))
    assert [intent.name for intent in after.intents[: len(before.intents)]] == [i.name for i in before.intents]
    added = {intent.name: intent for intent in after.intents[len(before.intents) :]}
    for phrase in phrases:
        assert accepts(after.sentences(added[phrase.intent]), phrase.text.split())
