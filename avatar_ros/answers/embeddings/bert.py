"""BERT's encoder in numpy: token numbers in, one vector a token out (Devlin et al. 2018, arXiv:1810.04805).

Sentences of one call have one length, so nothing is padded and nothing masked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class BertShape:
    """Of config.json."""

    layers: int
    heads: int
    eps: float
    #: XLM-R numbers positions from pad_token_id + 1 on.
    first_position: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertShape:
        """From the parsed config.json. Raises KeyError, ValueError."""
        roberta = config["model_type"] in ("xlm-roberta", "roberta")
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            eps=float(config["layer_norm_eps"]),
            first_position=int(config.get("pad_token_id", 1)) + 1 if roberta else 0,
        )


class Bert:
    """weights: tensors under the names of Hugging Face's BertModel, without a prefix. Raises KeyError for a lack."""

    def __init__(self, weights: Mapping[str, Array], shape: BertShape) -> None:
        self._shape = shape
        self._words = weights["embeddings.word_embeddings.weight"]
        positions = weights["embeddings.position_embeddings.weight"][shape.first_position :]
        self._positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
        self._norm = _norm_of(weights, "embeddings.LayerNorm")
        self._layers = [_Layer(weights, f"encoder.layer.{i}.", shape) for i in range(shape.layers)]

    @property
    def longest(self) -> int:
        """Most tokens of a sentence."""
        return len(self._positions)

    def __call__(self, tokens: NDArray[np.int64]) -> Array:
        """tokens: [sentences, length]. Returns [sentences, length, size]."""
        hidden: Array = self._words[tokens] + self._positions[: tokens.shape[1]]
        _normalise(hidden, self._norm, self._shape.eps)
        for layer in self._layers:
            layer(hidden)
        return hidden


class _Layer:
    def __init__(self, weights: Mapping[str, Array], prefix: str, shape: BertShape) -> None:
        self._shape = shape
        parts = [_linear_of(weights, f"{prefix}attention.self.{name}") for name in ("query", "key", "value")]
        self._to_heads = (np.concatenate([w for w, _ in parts], axis=1), np.concatenate([b for _, b in parts]))
        self._attended = _linear_of(weights, f"{prefix}attention.output.dense")
        self._attended_norm = _norm_of(weights, f"{prefix}attention.output.LayerNorm")
        self._inner = _linear_of(weights, f"{prefix}intermediate.dense")
        self._outer = _linear_of(weights, f"{prefix}output.dense")
        self._outer_norm = _norm_of(weights, f"{prefix}output.LayerNorm")

    def __call__(self, hidden: Array) -> None:
        """hidden: [sentences, length, size], changed in place."""
        hidden += _linear(self._attention(hidden), self._attended)
        _normalise(hidden, self._attended_norm, self._shape.eps)
        hidden += _linear(gelu(_linear(hidden, self._inner)), self._outer)
        _normalise(hidden, self._outer_norm, self._shape.eps)

    def _attention(self, hidden: Array) -> Array:
        sentences, length, size = hidden.shape
        heads = self._shape.heads
        parts = _linear(hidden, self._to_heads).reshape(sentences, length, 3, heads, size // heads)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        scores = query @ key.swapaxes(-1, -2) / np.float32(math.sqrt(size // heads))
        scores -= scores.max(-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(-1, keepdims=True)
        mixed: Array = (scores @ value).swapaxes(1, 2).reshape(sentences, length, size)
        return mixed


def gelu(x: Array) -> Array:
    """The Gaussian error linear unit, x * Phi(x), by Abramowitz and Stegun 7.1.26 (off by 1.5e-7 at most)."""
    z = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = np.float32(1.061405429) * t - np.float32(1.453152027)
    for factor in (1.421413741, -0.284496736, 0.254829592):
        tail *= t
        tail += np.float32(factor)
    tail *= t
    tail *= np.exp(-z * z)
    gated: Array = np.float32(0.5) * x * (1 + np.copysign(1 - tail, x))
    return gated


def _linear_of(weights: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    return np.ascontiguousarray(weights[name + ".weight"].T), weights[name + ".bias"]


def _norm_of(weights: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    return weights[name + ".weight"], weights[name + ".bias"]


def _linear(x: Array, layer: tuple[Array, Array]) -> Array:
    weight, bias = layer
    flat = x.reshape(-1, x.shape[-1]) @ weight  # one product instead of one a sentence
    flat += bias
    return flat.reshape(*x.shape[:-1], -1)


def _normalise(x: Array, norm: tuple[Array, Array], eps: float) -> None:
    x -= x.mean(-1, keepdims=True)
    x /= np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(eps))
    x *= norm[0]
    x += norm[1]
