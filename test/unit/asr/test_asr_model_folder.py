"""A model's folder: found or not, complete or not; and the metadata of an ONNX file without its library."""

import json

import pytest

from avatar_ros.asr.model_folder import check_funasr, model_folder, read_metadata, sherpa_files
from avatar_ros.core.errors import ConfigError


def touch(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("")
    return folder


def test_a_folder_is_taken_and_a_name_is_looked_for_among_the_fetched(tmp_path, monkeypatch):
    assert model_folder(str(tmp_path), "sensevoice") == tmp_path
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = tmp_path / "avatar_ros" / "models" / "sensevoice"
    own.mkdir(parents=True)
    assert model_folder("", "sensevoice") == own
    assert model_folder("sensevoice", "sensevoice_sherpa") == own


@pytest.mark.parametrize("model", ["", "/nowhere/at all", "./nowhere", "no/such", "nowhere"])
def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch, model):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=model.lstrip("./") or "models/sensevoice") as caught:
        model_folder(model, "sensevoice")
    assert caught.value.code == "asr_model_missing"
    assert "./avatar fetch sensevoice" in caught.value.text


def test_missing_files_are_named_with_the_folder(tmp_path):
    touch(tmp_path, "config.yaml", "model.pt")
    with pytest.raises(ConfigError, match=rf"{tmp_path} lacks bpe\.model, am\.mvn"):
        check_funasr(tmp_path)
    touch(tmp_path, "bpe.model", "am.mvn")
    check_funasr(tmp_path)


def test_a_configuration_names_its_own_files(tmp_path):
    metas = {"init_param": "model.pt", "tokenizer_conf": {"bpemodel": "words.bpe.model"}, "more": [{"x": "am.mvn"}]}
    touch(tmp_path, "model.pt", "am.mvn")
    (tmp_path / "configuration.json").write_text(json.dumps({"file_path_metas": metas}))
    with pytest.raises(ConfigError, match=r"lacks words\.bpe\.model;"):
        check_funasr(tmp_path)
    touch(tmp_path, "words.bpe.model")
    check_funasr(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "\x00", "[" * 200_000])
def test_a_damaged_configuration_is_named(tmp_path, text):
    (tmp_path / "configuration.json").write_text(text)
    with pytest.raises(ConfigError, match=r"configuration\.json cannot be read"):
        check_funasr(tmp_path)


def test_sherpa_prefers_the_quantised_model(tmp_path):
    with pytest.raises(ConfigError, match=r"lacks model\.int8\.onnx or model\.onnx, tokens\.txt"):
        sherpa_files(tmp_path)
    touch(tmp_path, "tokens.txt", "model.onnx")
    assert sherpa_files(tmp_path)[0].name == "model.onnx"
    touch(tmp_path, "model.int8.onnx")
    assert sherpa_files(tmp_path)[0].name == "model.int8.onnx"


def entry(key, value):
    body = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(value)]) + value
    return b"\x72" + bytes([len(body)]) + body


def test_metadata_is_read_past_everything_else(tmp_path):
    path = tmp_path / "model.onnx"
    graph = b"\x3a\x80\x08" + bytes(1024)
    path.write_bytes(b"\x08\x08" + entry(b"a", b"1") + graph + b"\x1d\0\0\0\0\x19" + bytes(8) + entry(b"b", b"x,y"))
    assert read_metadata(path) == {"a": "1", "b": "x,y"}


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x3a\x7fshort", b"\xff" * 12, b"\x0b"])
def test_what_is_no_onnx_file_is_refused(tmp_path, data):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        read_metadata(path)
