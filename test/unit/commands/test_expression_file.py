"""Expression files: there and back, by name, and what is said about bad ones."""

import json

import numpy as np
import pytest

from avatar_ros.commands.expression_file import read_expression, write_expression
from avatar_ros.core.arkit import ARKIT_INDEX, ARKIT_NAMES
from avatar_ros.core.errors import ConfigError


def test_there_and_back(tmp_path):
    weights = np.random.default_rng(1).random((7, 52)).astype(np.float32)
    write_expression(tmp_path / "a.json", weights, 25.0, source="test")
    track = read_expression(tmp_path / "a.json")
    np.testing.assert_allclose(track.weights, weights, atol=1e-5)
    assert track.fps == 25.0 and track.metadata["source"] == "test" and track.duration_s == pytest.approx(0.28)
    np.testing.assert_allclose(track.at(0.06), (weights[1] + weights[2]) / 2, atol=1e-5)
    assert not track.at(9.0).any() and not list(tmp_path.glob("*.part"))


def test_columns_are_matched_by_name_and_bad_numbers_become_rest(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"names": ["nope", "jawOpen", "mouthPucker"], "frames": [{"weights": [1, 0.5, NaN]}]}')
    track = read_expression(path)
    assert track.weights[0, ARKIT_INDEX["jawOpen"]] == 0.5 and track.weights.sum() == 0.5
    assert track.ignored == ("nope",) and track.repaired == 1 and track.fps == 30.0


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("RIFF", "not an expression file"),
        ("[]", "needs 'names'"),
        (json.dumps({"names": ARKIT_NAMES, "frames": [{"weights": [0.0] * 51}]}), "frame 0 has 51 weights"),
        (json.dumps({"names": ["jawOpen"], "frames": [{"weights": ["x"]}]}), "frame 0 holds something"),
        (json.dumps({"names": [], "metadata": {"fps": 0}, "frames": []}), "metadata.fps is 0"),
    ],
)
def test_bad_files_are_named_in_one_line(tmp_path, text, what):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=what) as caught:
        read_expression(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def one(weight='0.5', name='"jawOpen"', metadata='{"fps": 30}'):
    return f'{{"names": [{name}], "metadata": {metadata}, "frames": [{{"weights": [{weight}]}}]}}'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[" * 200_000, "not an expression file"),
        (one(name='["a"]'), "'names' must be texts"),
        (one(name="5"), "'names' must be texts"),
        ('{"names": [], "frames": [{"weights": []}]}', "'names' must be texts"),
        (one("true"), "frame 0 holds something"),
        (one("null"), "frame 0 holds something"),
        (one(metadata='{"fps": 1e-300}'), "metadata.fps"),
        (one(metadata='{"fps": ' + "9" * 5000 + "}"), "metadata.fps is inf"),
        (one(metadata='{"fps": NaN}'), "metadata.fps is nan"),
        (one(metadata='{"fps": "\\u001b[2J"}'), "metadata.fps"),
        (one(metadata="[1]"), "metadata.fps"),
    ],
)
def test_depth_numbers_and_types_are_judged_in_one_line(tmp_path, text, what):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=what) as caught:
        read_expression(path)
    assert str(path) in str(caught.value) and str(caught.value).isprintable() and len(str(caught.value)) < 300


@pytest.mark.parametrize("number", ["1" * 5000, "1e999", "-Infinity", "NaN"])
def test_numbers_that_no_float_holds_are_repaired(tmp_path, number):
    (tmp_path / "a.json").write_text(one(number))
    track = read_expression(tmp_path / "a.json")
    assert track.repaired == 1 and not track.weights.any()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    (tmp_path / "a.json").write_bytes(one("1").encode(encoding))
    assert read_expression(tmp_path / "a.json").weights.max() == 1


def test_names_that_cannot_be_printed_are_kept_printable(tmp_path):
    (tmp_path / "a.json").write_text(one(name=r'"\ud800x"'))
    assert read_expression(tmp_path / "a.json").ignored == ("?x",)


def test_folders_and_other_encodings(tmp_path):
    with pytest.raises(ConfigError, match="directory"):
        read_expression(tmp_path)
    (tmp_path / "a.json").write_bytes(one().encode() + "é".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read_expression(tmp_path / "a.json")
