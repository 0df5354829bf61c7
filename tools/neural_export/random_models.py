"""Randomly initialised models of the real shapes: for tests (tiny) and for measuring cost (base). They know nothing."""

from __future__ import annotations

from typing import Any

import torch
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model

KINDS = ("wav2vec2", "hubert")
#: The convolutions of every published model: 400 samples wide, 320 apart.
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def random_model(kind: str, size: str, seed: int = 0, **changes: Any) -> Any:
    """A Wav2Vec2Model or HubertModel. size: base (94 M parameters, the configurations' defaults) or tiny (20 k)."""
    types = (Wav2Vec2Config, Wav2Vec2Model) if kind == "wav2vec2" else (HubertConfig, HubertModel)
    config_type: Any = types[0]
    model_type: Any = types[1]
    torch.manual_seed(seed)
    config = config_type(**{**(TINY if size == "tiny" else {}), **changes})
    config._attn_implementation = "eager"
    return model_type(config).eval()
