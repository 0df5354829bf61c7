"""A speech network of the wav2vec 2.0 family cut into three parts where streaming wants it.

front: sound to convolutional features, 50 a second. It is causal but for its first group norm, whose statistics span
the utterance; here they are an input and an output, so that they can be carried from chunk to chunk.
project: features to tokens, and what each token adds to the positional embedding of its neighbours. The positional
convolution is linear, so its sum over past tokens is carried too, and each token is convolved once.
back: tokens and their positional sums to hidden states: the transformer. It sees a window, of whose older part the keys
and values are carried.

Fed a whole utterance and empty statistics the three are the original network; parity.py shows it. Structure: Baevski
et al. 2020 (wav2vec 2.0), Hsu et al. 2021 (HuBERT), as in Hugging Face transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Parts:
    """The three modules, in evaluation mode; they share the model's parameters."""

    front: GroupNormFront | LayerNormFront
    project: Project
    back: Back


class GroupNormFront(nn.Module):
    """Front of a model with `feat_extract_norm: group` (the base sizes)."""

    inputs = ("sound", "skip", "count", "total", "squares")
    outputs = ("features", "count_out", "total_out", "squares_out")

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.first, *rest = list(extractor.conv_layers)
        self.rest = nn.ModuleList(rest)

    def forward(self, sound: Tensor, skip: Tensor, count: Tensor, total: Tensor,
                squares: Tensor) -> tuple[Tensor, ...]:
        """Sound [1, N] to features [1, T, C].

        skip [1]: outputs of the first convolution that an earlier call counted already; count [1], total [C0],
        squares [C0]: number, sum and sum of squares of those counted so far. The new statistics include this sound.
        """
        hidden = self.first.conv(sound[:, None])
        fresh = hidden[0, :, skip[0] :]
        count = count + torch.ones_like(fresh[0]).sum()
        total = total + fresh.sum(dim=1)
        squares = squares + (fresh * fresh).sum(dim=1)
        mean = total / count
        norm = self.first.layer_norm
        gain = norm.weight * torch.rsqrt(torch.clamp(squares / count - mean * mean, min=0.0) + norm.eps)
        hidden = self.first.activation((hidden - mean[None, :, None]) * gain[None, :, None] + norm.bias[None, :, None])
        for layer in self.rest:
            hidden = layer(hidden)
        return hidden.transpose(1, 2), count, total, squares

    def example(self) -> tuple[Tensor, ...]:
        """Inputs to trace with."""
        zeros = torch.zeros(self.first.conv.out_channels)
        return torch.randn(1, 4000), torch.zeros(1, dtype=torch.int64), torch.zeros(1), zeros, zeros.clone()


class LayerNormFront(nn.Module):
    """Front of a model with `feat_extract_norm: layer` (the large sizes): nothing spans time, nothing is carried."""

    inputs = ("sound",)
    outputs = ("features",)

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(list(extractor.conv_layers))

    def forward(self, sound: Tensor) -> Tensor:
        """Sound [1, N] to features [1, T, C]."""
        hidden = sound[:, None]
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden.transpose(1, 2)

    def example(self) -> tuple[Tensor, ...]:
        """Inputs to trace with."""
        return (torch.randn(1, 4000),)


class Project(nn.Module):
    """Features [1, T, C] to tokens [1, T, dim] and spread [1, T, K, dim].

    spread[s, k] is what token s adds to the positional sum of token s + K // 2 - k. As a matrix product it takes a
    third of the time that ONNX Runtime's grouped convolution needs.
    """

    inputs = ("features",)
    outputs = ("tokens", "spread")

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.projection = model.feature_projection
        position = model.encoder.pos_conv_embed
        self.batch_norm = getattr(position, "batch_norm", None)
        self.channels = int(model.config.conv_dim[-1])
        self.groups = position.conv.groups
        weight = position.conv.weight.detach()  # [dim, dim / groups, K], the weight norm worked out
        self.dim, width, self.taps = weight.shape
        table = weight.reshape(self.groups, self.dim // self.groups, width, self.taps).permute(0, 2, 3, 1)
        self.table = nn.Parameter(table.reshape(self.groups, width, -1).contiguous(), requires_grad=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        projected = self.projection(features)
        tokens = projected[0] if isinstance(projected, tuple) else projected
        seen = tokens if self.batch_norm is None else self.batch_norm(tokens.transpose(1, 2)).transpose(1, 2)
        width = self.dim // self.groups
        grouped = seen.reshape(-1, self.groups, width).transpose(0, 1)  # [groups, T, width]
        spread = torch.matmul(grouped, self.table).reshape(self.groups, -1, self.taps, width)
        return tokens, spread.permute(1, 2, 0, 3).reshape(1, -1, self.taps, self.dim)

    def example(self) -> tuple[Tensor, ...]:
        """Inputs to trace with."""
        return (torch.randn(1, 9, self.channels),)


Pair = tuple[Tensor, Tensor]  # keys and values


class Back(nn.Module):
    """Tokens [1, T, dim] and positional sums [1, T, dim] to hidden states [1, T, dim].

    The tokens see each other and the P that came before them, of which each layer's keys and values [layers, P, dim]
    are given: keys and values of these T come out, to be given with the next ones. P = 0: the network as it is.
    """

    inputs = ("tokens", "position", "keys", "values")
    outputs = ("hidden", "keys_out", "values_out")

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.layers, self.layer_norm = model.encoder.layers, model.encoder.layer_norm
        self.norm_first = bool(model.config.do_stable_layer_norm)
        self.bias = model.encoder.pos_conv_embed.conv.bias
        self.activation = model.encoder.pos_conv_embed.activation
        self.dim = int(model.config.hidden_size)

    def forward(self, tokens: Tensor, position: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        hidden = tokens + self.activation(position + self.bias)
        hidden = hidden if self.norm_first else self.layer_norm(hidden)
        through = self._layer_norm_first if self.norm_first else self._layer
        made: list[Pair] = []
        for i, layer in enumerate(self.layers):
            hidden, own = through(layer, hidden, (keys[i : i + 1], values[i : i + 1]))
            made.append(own)
        hidden = self.layer_norm(hidden) if self.norm_first else hidden
        return hidden, torch.cat([key for key, _ in made]), torch.cat([value for _, value in made])

    def _layer(self, layer: Any, hidden: Tensor, past: Pair) -> tuple[Tensor, Pair]:
        seen, own = attend(layer.attention, hidden, past)
        hidden = layer.layer_norm(hidden + seen)
        return layer.final_layer_norm(hidden + layer.feed_forward(hidden)), own

    def _layer_norm_first(self, layer: Any, hidden: Tensor, past: Pair) -> tuple[Tensor, Pair]:
        seen, own = attend(layer.attention, layer.layer_norm(hidden), past)
        hidden = hidden + seen
        hidden = hidden + layer.feed_forward(layer.final_layer_norm(hidden))
        adapter = getattr(layer, "adapter_layer", None)
        return hidden if adapter is None else hidden + adapter(hidden), own

    def example(self) -> tuple[Tensor, ...]:
        """Inputs to trace with."""
        past = torch.randn(len(self.layers), 5, self.dim)
        return torch.randn(1, 40, self.dim), torch.randn(1, 40, self.dim), past, torch.randn_like(past)


def attend(attention: Any, hidden: Tensor, past: Pair) -> tuple[Tensor, Pair]:
    """Multi-head attention of `hidden` [1, T, dim] to itself and to past keys and values [1, P, dim]; its own two."""
    own = attention.k_proj(hidden), attention.v_proj(hidden)
    heads = [
        x.reshape(1, -1, attention.num_heads, attention.head_dim).transpose(1, 2)
        for x in (attention.q_proj(hidden), *(torch.cat(two, dim=1) for two in zip(past, own, strict=True)))
    ]
    query, key, value = heads
    weights = torch.softmax(query @ key.transpose(2, 3) * attention.head_dim**-0.5, dim=-1)
    out = (weights @ value).transpose(1, 2).reshape(1, -1, attention.num_heads * attention.head_dim)
    return attention.out_proj(out), own


def cut(model: Any) -> Parts:
    """The parts of a Wav2Vec2Model or HubertModel."""
    group = model.config.feat_extract_norm == "group"
    front = GroupNormFront(model.feature_extractor) if group else LayerNormFront(model.feature_extractor)
    return Parts(front.eval(), Project(model).eval(), Back(model).eval())


def keep_layers(model: Any, layers: int) -> None:
    """Drop the transformer layers after number `layers` (from 1): the output becomes hidden_states[layers].

    Where the norm comes last (`do_stable_layer_norm`), it belongs to the last layer only and goes with it. Raises
    ValueError for a number that the model does not have.
    """
    have = len(model.encoder.layers)
    if not 1 <= layers <= have:
        raise ValueError(f"layer {layers} of a model with {have} layers; give 1 to {have}")
    if layers < have:
        model.encoder.layers = model.encoder.layers[:layers]
        if model.config.do_stable_layer_norm:
            model.encoder.layer_norm = nn.Identity()
