"""BERT in numpy against a slow, obvious one, and against transformers where that is installed; its file format."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest

from avatar_ros.answers.embeddings.bert import Bert, BertShape, gelu
from avatar_ros.answers.embeddings.safetensors import read_safetensors
from avatar_ros.core.errors import ConfigError
from tiny_sentence_model import CONFIG, random_weights, write_safetensors

TOKENS = np.array([[2, 4, 5, 6, 7, 3], [2, 9, 10, 11, 5, 3]])


def layer_norm(row, weights, name):
    mean = sum(row) / len(row)
    spread = math.sqrt(sum((x - mean) ** 2 for x in row) / len(row) + CONFIG["layer_norm_eps"])
    scale, shift = weights[name + ".weight"], weights[name + ".bias"]
    return np.array([(x - mean) / spread * a + b for x, a, b in zip(row, scale, shift, strict=True)])


def linear(row, weights, name):
    return weights[name + ".weight"].astype(float) @ row + weights[name + ".bias"]


def slow_bert(tokens, weights):
    """One sentence, one token and one head at a time, in double precision."""
    word, position = weights["embeddings.word_embeddings.weight"], weights["embeddings.position_embeddings.weight"]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    rows = [layer_norm(word[t].astype(float) + position[i] + kind, weights, "embeddings.LayerNorm")
            for i, t in enumerate(tokens)]  # fmt: skip
    heads = CONFIG["num_attention_heads"]
    width = CONFIG["hidden_size"] // heads
    for layer in range(CONFIG["num_hidden_layers"]):
        p = f"encoder.layer.{layer}."
        query, key, value = (
            [linear(r, weights, f"{p}attention.self.{n}") for r in rows] for n in ("query", "key", "value")
        )
        after = []
        for i, row in enumerate(rows):
            mixed = []
            for h in range(heads):
                part = slice(h * width, (h + 1) * width)
                scores = [math.exp(query[i][part] @ k[part] / math.sqrt(width)) for k in key]
                mixed.append(sum(s * v[part] for s, v in zip(scores, value, strict=True)) / sum(scores))
            attended = linear(np.concatenate(mixed), weights, f"{p}attention.output.dense")
            middle = layer_norm(row + attended, weights, f"{p}attention.output.LayerNorm")
            inner = linear(middle, weights, f"{p}intermediate.dense")
            inner = np.array([x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in inner])
            outer = middle + linear(inner, weights, f"{p}output.dense")
            after.append(layer_norm(outer, weights, f"{p}output.LayerNorm"))
        rows = after
    return np.array(rows)


def test_as_a_slow_obvious_one():
    weights = random_weights()
    found = Bert(weights, BertShape.of(CONFIG))(TOKENS)
    for tokens, rows in zip(TOKENS, found, strict=True):
        np.testing.assert_allclose(rows, slow_bert(tokens, weights), atol=2e-5)


@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers is not installed")
def test_as_transformers():
    import torch
    from transformers import BertConfig, BertModel

    theirs = BertModel(
        BertConfig(**{k: v for k, v in CONFIG.items() if k != "model_type"}), add_pooling_layer=False
    ).eval()
    theirs.load_state_dict({k: torch.tensor(v) for k, v in random_weights().items()}, strict=False)
    with torch.no_grad():
        expected = theirs(torch.tensor(TOKENS)).last_hidden_state.numpy()
    np.testing.assert_allclose(Bert(random_weights(), BertShape.of(CONFIG))(TOKENS), expected, atol=2e-5)


def test_gelu_over_its_whole_range():
    x = np.linspace(-12, 12, 4801, dtype=np.float32)
    exact = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(gelu(x), exact, atol=2e-6)


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "model.safetensors"
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2, np.float16), "n": np.arange(3)}
    write_safetensors(path, tensors)
    read = read_safetensors(path)
    assert set(read) == {"a", "b"} and all(value.dtype == np.float32 for value in read.values())
    np.testing.assert_array_equal(read["a"], tensors["a"])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[: len(data) // 2], "ends before its tensor"),
        (lambda data: b"", "no safetensors"),
        (lambda data: b"PK\x03\x04" + data, "no safetensors"),
        (lambda data: data[:8] + b"x" + data[9:], "cannot be read"),
    ],
)
def test_half_and_foreign_files_are_named(tmp_path, spoil, says):
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {"a": np.ones((4, 64), np.float32)})
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ConfigError, match=says) as caught:
        read_safetensors(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        read_safetensors(tmp_path / "nowhere")
