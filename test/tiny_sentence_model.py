"""A sentence transformer of random weights, small enough to be made in a test: config, tokenizer, safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

CONFIG = {
    "model_type": "bert", "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8, "intermediate_size": 16,
    "layer_norm_eps": 1e-12, "hidden_act": "gelu", "vocab_size": 40, "max_position_embeddings": 32,
    "type_vocab_size": 2, "pad_token_id": 0,
}  # fmt: skip
WORDS = "[PAD] [UNK] [CLS] [SEP] where is the exit toilet what time it who are you wo ist die toilette".split()


def random_weights(seed: int = 3) -> dict[str, np.ndarray]:
    """As BertModel names them."""
    rng = np.random.default_rng(seed)
    size, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw(CONFIG["vocab_size"], size),
        "embeddings.position_embeddings.weight": draw(CONFIG["max_position_embeddings"], size),
        "embeddings.token_type_embeddings.weight": draw(2, size),
    }
    linear = {"attention.self.query": (size, size), "attention.self.key": (size, size),
              "attention.self.value": (size, size), "attention.output.dense": (size, size),
              "intermediate.dense": (inner, size), "output.dense": (size, inner)}  # fmt: skip
    norms = ["embeddings.LayerNorm"]
    for layer in range(CONFIG["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}."
        for name, shape in linear.items():
            weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"] = draw(*shape), draw(shape[0])
        norms += [f"{prefix}attention.output.LayerNorm", f"{prefix}output.LayerNorm"]
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = 1 + draw(size), draw(size)
    return weights


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """As the format says: length of the header, header, bytes."""
    kinds = {"float32": "F32", "float16": "F16", "int64": "I64"}
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": kinds[str(value.dtype)],
            "shape": list(value.shape),
            "data_offsets": [at, at + value.nbytes],
        }
        at += value.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(v.tobytes() for v in tensors.values()))


def write_model(folder: Path) -> Path:
    """The whole folder. Needs the library tokenizers."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    write_safetensors(folder / "model.safetensors", random_weights())
    return folder
