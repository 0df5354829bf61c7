"""Our phone network as rescorer: a spoken question is found in the grammar, in chunks of any size, and fits better."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
pytest.importorskip("soxr", reason="soxr is not installed")
import onnxruntime

from avatar_ros.asr.rescoring import Rescorer
from avatar_ros.asr.utterance_levels import LOUDEST_RMS, LevelTracker
from avatar_ros.speech import minimal_dfa as automaton
from avatar_ros.speech.phone_network import PhoneNetwork
from avatar_ros.speech.phrase_grammar import parse
from benchmarks.recognition.synthetic_voices import SyntheticVoice, synthesize

PATTERN = "what time is it | where are the toilets | tell me a joke | how are you [today]"
SPELLINGS = {
    "what": "W AH T", "time": "T AY M", "is": "IH Z", "it": "IH T", "where": "W EH R", "are": "AA R", "the": "DH AH",
    "the(2)": "DH IY", "toilets": "T OY L AH T S", "tell": "T EH L", "me": "M IY", "a": "AH", "joke": "JH OW K",
    "how": "HH AW", "you": "Y UW", "today": "T AH D EY",
}  # fmt: skip
SENTENCES = ("what time is it", "where are the toilets", "tell me a joke", "how are you today")


@pytest.fixture(scope="module")
def rescorer():
    return Rescorer(PhoneNetwork(onnxruntime), automaton.build(parse(PATTERN)), SPELLINGS)


@pytest.fixture(scope="module")
def sounds():
    spoken = synthesize(SyntheticVoice("espeak", "en-us"), SENTENCES)
    return [np.pad(pcm, (4800, 8000)) for pcm in spoken]


def hear(rescorer, pcm, size=512, head=12800):
    levelling = LevelTracker(float(np.abs(pcm).max()) / 2)
    rescorer.start(levelling.level(pcm[:head]))
    for first in range(head, len(pcm), size):
        rescorer.accept(levelling.level(pcm[first : first + size]))


def test_each_question_is_found_and_fits_better_than_the_others(rescorer, sounds):
    for text, pcm in zip(SENTENCES, sounds, strict=True):
        hear(rescorer, pcm)
        assert " ".join(rescorer.sentence()) == text
        fits = {other: rescorer.features(other.split(), 0, len(pcm))["net_mean"] for other in SENTENCES}
        assert max(fits, key=fits.__getitem__) == text


def test_chunks_of_any_size_give_the_same(rescorer, sounds):
    fits = []
    for size in (160, 777, 100000):
        hear(rescorer, sounds[0], size)
        fits.append(rescorer.features(rescorer.sentence(), 0, len(sounds[0])))
    for fit in fits[1:]:
        assert fit == pytest.approx(fits[0], abs=2e-3)


def test_what_was_not_asked_fits_worse_than_what_was(rescorer, sounds):
    (other,) = synthesize(SyntheticVoice("espeak", "en-us"), ["nobody remembered to feed the fish"])
    hear(rescorer, sounds[0])
    asked = rescorer.features(rescorer.sentence(), 0, len(sounds[0]))
    hear(rescorer, np.pad(other, (4800, 8000)))
    nearest = rescorer.features(rescorer.sentence() or SENTENCES[0].split(), 0, len(other) + 12800)
    assert nearest["net_mean"] < asked["net_mean"] - 0.2
    assert nearest["net_worst_300ms"] < asked["net_worst_300ms"] - 0.5


@pytest.mark.parametrize("seed", range(3))
def test_any_sound_gives_finite_evidence(rescorer, seed):
    rng = np.random.default_rng(seed)
    pcm = (rng.normal(0, [1, 3000, 30000][seed], 24000)).clip(-32768, 32767).astype(np.int16)
    hear(rescorer, pcm)
    assert np.isfinite(list(rescorer.features(SENTENCES[0].split(), 0, len(pcm)).values())).all()


def test_at_its_end_an_utterance_is_forgotten(rescorer, sounds):
    hear(rescorer, sounds[0])
    assert rescorer.sentence()
    rescorer.end()
    assert rescorer.sentence() == ()
    assert rescorer.features(SENTENCES[0].split(), 0, len(sounds[0]))["net_outside"] == 1.0


def test_levelling_makes_loud_and_soft_alike_and_repeats():
    tone = 8000 * np.sin(np.arange(16000) / 5)
    loud, soft = (
        LevelTracker(gain * 8000 / np.sqrt(2)).level((gain * tone).astype(np.int16)).astype(float)
        for gain in (1.0, 0.1)
    )
    assert np.sqrt(np.mean(loud**2)) == pytest.approx(LOUDEST_RMS, rel=0.02)
    np.testing.assert_allclose(soft, loud, atol=30)
    again = LevelTracker(8000 / np.sqrt(2)).level(tone.astype(np.int16))
    np.testing.assert_array_equal(again, loud)
