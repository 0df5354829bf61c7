"""The real loading and decoding of backend sherpa, on small models that the tests make."""

import shutil
import sys

import numpy as np
import pytest

pytest.importorskip("sherpa_onnx", reason="sherpa-onnx is not installed")

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.sherpa_folder import recognise
from avatar_ros.asr.stage import AsrStage
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.testing.contracts import RECOGNISER
from avatar_ros.testing.contracts.recogniser import hear
from avatar_ros.testing.settings import make
from contract import tiny_sherpa

RATE = 16000
MAKERS = {
    "streaming_transducer": tiny_sherpa.streaming_transducer,
    "transducer": tiny_sherpa.transducer,
    "nemo_ctc": tiny_sherpa.nemo_ctc,
}


def quiet(seconds):
    return np.random.default_rng(0).integers(-2, 3, round(seconds * RATE)).astype(np.int16)


LOUD = np.concatenate(
    [quiet(0.3), np.random.default_rng(1).normal(0, 9000, RATE).clip(-32000, 32000).astype(np.int16), quiet(0.5)]
)


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


@pytest.fixture
def folder(kind, tmp_path):
    return MAKERS[kind](tmp_path / "model")


def recogniser(folder, **settings):
    found = make(ASR_BACKENDS, AsrSettings, backend="sherpa", model=str(folder), **settings)
    found.load()
    return found


def test_it_is_recognised_and_heard_with(kind, folder):
    assert recognise(str(folder)).kind == kind
    *partials, final = hear(AsrStage(recogniser(folder, locale="de-DE"), AsrSettings()), LOUD)
    assert (final.text, final.rejected, final.locale) == ("hello world", False, "de-DE")
    assert 0.0 < final.confidence <= 1.0
    assert any(one.text.startswith("hello") for one in partials)


def test_the_models_own_language_goes_before_the_kiosks(folder):
    settings = AsrSettings(backend="sherpa", locale="de-DE")
    ear = ASR_BACKENDS.make("sherpa", settings, own=ASR_BACKENDS.options("sherpa", model=str(folder), locale="fr-FR"))
    ear.load()
    assert hear(AsrStage(ear, settings), LOUD)[-1].locale == "fr-FR"


@pytest.mark.parametrize("check", RECOGNISER, ids=lambda check: check.__name__)
def test_contract(check, folder):
    check(recogniser(folder))


def test_utterances_follow_each_other_and_it_can_be_loaded_again(folder):
    ear = recogniser(folder)
    stage = AsrStage(ear, AsrSettings())
    assert [hear(stage, LOUD, number)[-1].text for number in (1, 2)] == ["hello world"] * 2
    ear.close()
    ear.load()
    assert hear(stage, LOUD, 3)[-1].text == "hello world"


def test_words_that_the_model_is_unsure_of_are_rejected(tmp_path):
    ear = recogniser(MAKERS["streaming_transducer"](tmp_path), min_confidence=1.0)
    final = hear(AsrStage(ear, AsrSettings()), LOUD)[-1]
    assert final.rejected
    assert final.text == ""


# --- folders that cannot be used ----------------------------------------------------------------------------------


def refused(folder):
    with pytest.raises(ConfigError) as caught:
        recogniser(folder)
    assert str(folder) in caught.value.text
    return caught.value.text


def test_a_missing_folder_and_an_empty_one_are_named(tmp_path):
    assert "fetch sherpa_zipformer_en" in refused(tmp_path / "elsewhere")
    assert "lacks an ONNX model" in refused(tmp_path)


def test_each_file_that_is_missing_or_cut_short_is_named(folder, tmp_path):
    for path in sorted(folder.iterdir()):
        half = shutil.copytree(folder, tmp_path / f"half_{path.name}")
        (half / path.name).unlink()
        refused(half)
        if path.suffix == ".onnx":
            (half / path.name).write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            assert path.name in refused(half)


def test_metadata_that_is_missing_is_named_and_ends_no_process(folder):
    for path in folder.glob("*.onnx"):
        data = path.read_bytes().replace(b"vocab_size", b"vocab_sise")
        path.write_bytes(data.replace(b"decode_chunk_len", b"decode_chunk_lem"))
    text = refused(folder)
    assert "vocab_size" in text or "decode_chunk_len" in text


def test_a_model_of_another_kind_is_named(tmp_path):
    folder = tiny_sherpa.nemo_ctc(tmp_path)
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes().replace(b"EncDecCTCModelBPE", b"SomethingElse1234"))
    assert "SomethingElse1234" in refused(folder)


def test_a_whisper_without_its_metadata_is_named(tmp_path):
    folder = tiny_sherpa.transducer(tmp_path)
    (folder / "joiner.onnx").unlink()
    assert "n_text_ctx" in refused(folder)


def test_a_missing_library_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    monkeypatch.delitem(sys.modules, "avatar_ros.asr.sherpa", raising=False)
    with pytest.raises(UnknownBackendError, match=r"requirements/sherpa\.txt"):
        ASR_BACKENDS.load("sherpa")
