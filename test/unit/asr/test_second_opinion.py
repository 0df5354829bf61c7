"""PocketSphinx's sentence and the network's: both are weighed, the likelier one wins, and nothing stays behind. What
both are sure of is not weighed once more.
"""

import numpy as np
import pytest

pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")
pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
pytest.importorskip("soxr", reason="soxr is not installed")
from avatar_ros.asr import decoders
from avatar_ros.asr.base import AsrSettings
from avatar_ros.asr.sphinx import SphinxRecogniser
from benchmarks.recognition.synthetic_voices import SyntheticVoice, synthesize

ASKED = "what time is it"


@pytest.fixture(scope="module")
def recogniser():
    made = SphinxRecogniser(AsrSettings())
    made.load()
    made.thorough = True
    yield made
    made.close()


@pytest.fixture(scope="module")
def sound():
    (pcm,) = synthesize(SyntheticVoice("espeak", "en-us"), [ASKED])
    hiss = np.random.default_rng(0).integers(-15, 16, len(pcm) + 12800)
    return (np.pad(pcm, (4800, 8000)) + hiss).clip(-32768, 32767).astype(np.int16)


def hear(recogniser, pcm, network_says=None, monkeypatch=None):
    stream = recogniser.start()
    if network_says is not None:
        monkeypatch.setattr(stream._decoders.rescorer, "sentence", lambda: tuple(network_says.split()))
    for first in range(0, len(pcm), 512):
        stream.accept(pcm[first : first + 512])
    return stream.finish(), stream.candidates()


def test_one_sentence_is_weighed_where_both_agree(recogniser, sound):
    heard, evidence = hear(recogniser, sound)
    assert heard.text == ASKED
    assert [judged.text for judged in evidence] == [ASKED]
    assert recogniser._free[-1].rescorer.sentence() == (), "nothing of it is kept until the next utterance"


def test_a_second_opinion_that_is_wrong_is_weighed_and_found_wanting(recogniser, sound, monkeypatch):
    heard, evidence = hear(recogniser, sound, "what day is it", monkeypatch)
    assert heard.text == ASKED
    assert [judged.text for judged in evidence] == [ASKED, "what day is it"]
    assert 0.0 < evidence[1].confidence < evidence[0].confidence / 2


def test_a_second_opinion_that_is_right_wins(recogniser, sound, monkeypatch):
    """PocketSphinx is made to err: at first it hears silence."""
    stream = recogniser.start()
    own = stream._decoders
    real, looked = decoders.decode_utterance, []

    def decode_wrongly_at_first(decoder, data):
        looked.append(decoder)
        real(decoder, data if len(looked) > 1 else bytes(len(data)))

    monkeypatch.setattr(decoders, "decode_utterance", decode_wrongly_at_first)
    monkeypatch.setattr(own.rescorer, "sentence", lambda: tuple(ASKED.split()))
    for first in range(0, len(sound), 512):
        stream.accept(sound[first : first + 512])
    assert stream.finish().text == ASKED


def test_after_a_second_opinion_the_whole_grammar_is_heard_again(recogniser, sound, monkeypatch):
    hear(recogniser, sound, "what day is it", monkeypatch)
    monkeypatch.undo()
    assert hear(recogniser, sound)[1][0].text == ASKED


def test_after_a_failure_in_the_middle_too(recogniser, sound, monkeypatch):
    stream = recogniser.start()
    own, real = stream._decoders, decoders.decode_utterance

    def fail_at_the_second(decoder, data):
        if decoder.current_search() != "questions":
            raise RuntimeError("out of memory")
        real(decoder, data)

    monkeypatch.setattr(decoders, "decode_utterance", fail_at_the_second)
    monkeypatch.setattr(own.rescorer, "sentence", lambda: ("thank", "you"))
    with pytest.raises(RuntimeError):
        for first in range(0, len(sound), 512):
            stream.accept(sound[first : first + 512])
    monkeypatch.undo()
    stream.abandon()
    assert hear(recogniser, sound)[1][0].text == ASKED


@pytest.mark.parametrize(
    ("voice", "asked"), [("en-us+f3", "what are you doing here"), ("en-us", "can you tell me what this place is")]
)
def test_what_both_are_sure_of_is_what_the_second_pass_finds(recogniser, voice, asked, monkeypatch):
    (pcm,) = synthesize(SyntheticVoice("espeak", voice), [asked])
    hiss = np.random.default_rng(0).integers(-15, 16, len(pcm) + 12800)
    spoken = (np.pad(pcm, (4800, 8000)) + hiss).clip(-32768, 32767).astype(np.int16)
    thorough = hear(recogniser, spoken)[0]
    monkeypatch.setattr(recogniser, "thorough", False)
    quick, (evidence,) = hear(recogniser, spoken)
    assert quick.text == thorough.text == asked and quick.complete
    assert "mean" not in evidence.features, "without the second pass"


@pytest.mark.parametrize("said", ["the river flows under the old bridge", "my brother bought a used bicycle"])
def test_nobody_is_sure_of_what_the_grammar_lacks(recogniser, said, monkeypatch):
    (pcm,) = synthesize(SyntheticVoice("espeak", "en-us"), [said])
    monkeypatch.setattr(recogniser, "thorough", False)
    heard, evidence = hear(recogniser, np.pad(pcm, (4800, 8000)))
    assert heard.rejected and all("mean" in one.features for one in evidence if one.text), "the second pass weighed it"


def test_where_they_disagree_nobody_is_sure(recogniser, sound, monkeypatch):
    monkeypatch.setattr(recogniser, "thorough", False)
    _, evidence = hear(recogniser, sound, "what day is it", monkeypatch)
    assert len(evidence) == 2


def test_beside_another_ear_the_same_sentence_is_weighed_once_and_a_long_one_not_at_all(recogniser, monkeypatch):
    (pcm,) = synthesize(SyntheticVoice("espeak", "en-us"), ["the river flows under the old bridge"])
    sound = np.pad(pcm, (4800, 4800))
    tail = np.tile(np.r_[np.zeros(3200), np.full(640, 4000)], 3).astype(np.int16)  # knocks: each another pause
    weighed = []
    monkeypatch.setattr(recogniser, "thorough", False)
    monkeypatch.setattr(recogniser, "not_alone", True)
    monkeypatch.setattr(decoders.Decoders, "may_be_known", lambda *_: True)
    monkeypatch.setattr(decoders.Decoders, "found", lambda self: ((*ASKED.split(),), ()))
    monkeypatch.setattr(decoders.Decoders, "surely", lambda *_: None)
    monkeypatch.setattr(decoders.Decoders, "score", lambda self, sound, *_: (weighed.append(len(sound)), ())[1])
    monkeypatch.setattr("avatar_ros.asr.sphinx.SphinxStream._final", lambda self: None)
    for longest, times in ((10**6, 1), (8000, 0)):
        monkeypatch.setattr("avatar_ros.asr.sphinx._MOST_WEIGHED_SAMPLES", longest)
        weighed.clear()
        hear(recogniser, np.concatenate([sound, tail, np.zeros(4800, np.int16)]))
        assert len(weighed) == times
