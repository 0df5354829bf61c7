"""The helper process finds the same words as the same model here, and is not missed when it dies."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")

from avatar_ros.asr import filler_process
from avatar_ros.asr.filler_model import FillerModel
from avatar_ros.asr.filler_process import FillerProcess
from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.spoken_questions import RATE_HZ, speak

WORDS = ("the", "name", "zzyzx")


@pytest.fixture(scope="module")
def sound():
    return Resampler(RATE_HZ).push(speak(["where do the penguins sleep at night"])[0]).astype(np.int16)


@pytest.fixture(scope="module")
def wanted(sound):
    return heard(FillerModel(), sound)


@pytest.fixture
def beside():
    beside = FillerProcess()
    yield beside
    beside.close()


def heard(model, sound, meanwhile=lambda: None):
    model.start(sound[:12800])
    meanwhile()
    for at in range(12800, len(sound), 512):
        model.accept(sound[at : at + 512])
    found = model.rival(3000)
    model.end()
    return found


def test_same_words_as_the_model_here(beside, sound, wanted):
    assert len(wanted.segments) > 2 and any(wanted.phones)
    assert heard(beside, sound) == wanted
    here = FillerModel()
    assert beside.pronunciations(WORDS) == {word: here.pronunciations(word) for word in WORDS}
    assert heard(beside, sound) == wanted


def test_helper_that_dies_is_replaced_and_no_sound_is_lost(beside, sound, wanted):
    def kill():
        beside._helper.process.kill()
        beside._helper.process.wait()

    first = beside._helper.process
    assert heard(beside, sound, kill) == wanted
    assert beside._helper.process is not first


def test_helper_that_keeps_dying_is_done_without(beside, sound, wanted, monkeypatch):
    monkeypatch.setattr(filler_process, "_REPLY_TIMEOUT_S", 0.0)
    assert heard(beside, sound) == wanted
    assert beside._helper is None
    assert heard(beside, sound) == wanted
