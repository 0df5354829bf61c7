"""The measurement itself: its sets share nothing, its intervals are right, its fit finds what is there."""

import random
import runpy

import numpy as np
import pytest

from avatar_ros.speech.phrase_grammar import normalised_words
from benchmarks.recognition import fit_confidence as hearing_fit
from benchmarks.recognition import vad as hearing_vad
from benchmarks.recognition.bootstrap import ratio, share
from benchmarks.recognition.out_of_domain import DEVELOPMENT, HELD_OUT
from benchmarks.recognition.recordings import fragments, with_noise
from benchmarks.recognition.synthetic_voices import VOICES


def test_the_sets_share_no_question_and_no_voice():
    assert not {normalised_words(text) for text in DEVELOPMENT} & {normalised_words(text) for text in HELD_OUT}
    development, held_out = (
        {(voice.engine, voice.name) for voice in VOICES[which].values()} for which in ("development", "held-out")
    )
    assert not development & held_out
    assert len(held_out) == 3


def test_out_of_domain_questions_are_not_in_the_answers_file():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    from avatar_ros.answers.file import read_answers
    from avatar_ros.core.paths import share_file
    from avatar_ros.speech.phrase_grammar import accepts

    path = share_file("config/answers.yaml")
    answers = read_answers(yaml.compose(path.read_text("utf-8")), str(path))
    known = [answers.sentences(intent) for intent in answers.intents]
    for text in (*DEVELOPMENT, *HELD_OUT):
        assert not any(accepts(pattern, normalised_words(text)) for pattern in known), text


def test_an_interval_holds_the_share_and_shrinks_with_more_cases():
    few, many = share([True] * 9 + [False]), share(([True] * 9 + [False]) * 100)
    assert few["percent"] == many["percent"] == 90.0
    assert few["low"] < many["low"] < 90.0 < many["high"] < few["high"] <= 100.0
    assert share([True] * 9 + [False]) == few


def test_nothing_in_thirty_does_not_prove_that_there_is_nothing():
    none, all_of_them = share([False] * 30), share([True] * 30)
    assert (none["low"], none["high"]) == (0.0, pytest.approx(11.57, abs=0.01))
    assert (all_of_them["low"], all_of_them["high"]) == (pytest.approx(88.43, abs=0.01), 100.0)


def test_a_ratio_weighs_cases_by_their_size():
    assert ratio([0.0, 50.0], [100.0, 100.0])["percent"] == 25.0
    assert np.isnan(share([])["percent"])


def test_fragments_leave_nothing_out_and_are_the_same_each_time():
    pcm = np.arange(80000).astype(np.int16)
    pieces = list(fragments(pcm, random.Random("a")))
    assert np.array_equal(np.concatenate(pieces), pcm[: sum(map(len, pieces))])
    assert len(pcm) - sum(map(len, pieces)) < 0.7 * 16000
    assert [len(p) for p in pieces] == [len(p) for p in fragments(pcm, random.Random("a"))]


def test_noise_lies_as_far_below_the_speech_as_was_asked():
    rng = np.random.default_rng(0)
    pcm, noise = rng.normal(0, 3000, 16000).astype(np.int16), rng.normal(0, 100, 3000).astype(np.int16)
    speech = np.arange(16000) < 8000
    added = with_noise(pcm, noise, 10.0, speech).astype(float) - pcm
    measured = 10 * np.log10(np.mean(pcm[speech].astype(float) ** 2) / np.mean(added**2))
    assert measured == pytest.approx(10.0, abs=0.1)


def test_the_fit_finds_which_feature_tells_right_from_wrong(tmp_path):
    rng = random.Random(0)
    cases = [({"tells": rng.gauss(2.0 * right, 1.0), "noise": rng.gauss(0, 1)}, right) for right in (True, False) * 200]
    path = tmp_path / "weights.py"
    path.write_text(hearing_fit.fit(cases))
    found = runpy.run_path(str(path))
    assert found["WEIGHTS"]["tells"][2] > 1.0 > 0.3 > abs(found["WEIGHTS"]["noise"][2])
    assert abs(found["BIAS"]) < 0.3


def test_the_longest_false_stretch_is_named_once_for_each_noise_and_taken_off():
    """Ten windows of words, then of silence whose middle is as loud, in two noises."""
    pcm = np.full(120 * 512, 10, np.int16)
    pcm[: 10 * 512] = pcm[70 * 512 : 75 * 512] = 1000
    words = np.arange(len(pcm)) < 10 * 512
    recording = hearing_vad._Recording("someone", pcm, words, words)
    window = np.arange(120)
    quiet, loud = ((window < 10) | ((window >= 70) & (window < end)) for end in (75, 76))
    found = [(recording, {"windows": flags | (window == 90)}) for flags in (quiet, loud)]
    first, second = hearing_vad._longest_false(found, ("soft", "loud"))
    assert (first["noise"], first["from_s"], first["to_s"], first["level_db"]) == ("soft", 0.24, 0.4, 0.0)
    assert (second["noise"], second["from_s"], second["to_s"]) == ("loud", 0.24, 0.43)
    assert second["recording"] == "someone" and second["level_db"] < 0
    assert first["false_without"] == second["false_without"] == round(100 * 1 / 110, 2)
    assert hearing_vad._longest_false([(recording, {"windows": window < 10})], ("none",)) == []
    # 5 and 6 windows after the words; one of the first, and two of the second, are quiet in the recording.
    assert hearing_vad._false_in_quiet(found)["percent"] == pytest.approx(100 * 3 / 220, abs=0.05)
