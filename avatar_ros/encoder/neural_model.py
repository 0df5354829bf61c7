"""An exported speech network on onnxruntime: reads the folder that tools/export_encoder.py wrote, runs its three parts.

The folder's encoder.json says what the network is and where its files lie; what the parts do stands in
tools/neural_export/parts.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..core.arrays import F32
from ..core.errors import ConfigError
from ..core.inference import OnnxNetwork, check_shapes, open_network, opener
from ..core.loading import boundary, read_text

MANIFEST = "encoder.json"
FORMAT = 2
PARTS = ("front", "project", "back")
_MAX_BYTES = 1 << 20
_MAX_NUMBER = 100_000


@dataclass(frozen=True)
class Manifest:
    """What encoder.json says.

    rate_hz: tokens a second (50, or 30 where features are interpolated to a frame rate before the transformer);
    hop_samples, field_samples: distance and width of the sound under a convolutional feature, at 16 kHz;
    first_kernel, first_stride: of the first convolution, whose group norm has `channels` running statistics (0: layer
    norm, nothing runs); normalise_sound: the sound is brought to mean 0 and variance 1, as the checkpoint's processor
    does; taps: kernel of the positional convolution; layers: of the transformer.
    """

    kind: str
    dim: int
    rate_hz: float
    features: int
    channels: int
    taps: int
    layers: int
    hop_samples: int
    field_samples: int
    first_kernel: int
    first_stride: int
    normalise_sound: bool
    files: Mapping[str, Mapping[str, str]]  # part -> precision -> file name


def encoder_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises ConfigError where there is none, or it is not of this format."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(
            "model_file_missing", f"{path} is no file; {folder} must be a folder that tools/export_encoder.py or "
            "tools/export_lam_a2e.py wrote",
        )  # fmt: skip
    with boundary(path, ConfigError, "model_manifest", "export again"):
        tree = json.loads(read_text(path, _MAX_BYTES, "model_manifest"))
        if not isinstance(tree, dict) or tree.get("format") != FORMAT:
            found = str(tree.get("format") if isinstance(tree, dict) else "none")[:40]
            raise ConfigError("model_manifest", f"{path} has format {found}, {FORMAT} is needed: export again")
        missing = [name for name in Manifest.__dataclass_fields__ if name not in tree]
        if missing:
            raise ConfigError("model_manifest", f"{path} lacks {', '.join(missing)}: export again")
        wrong = [name for name, kind in Manifest.__annotations__.items() if not _is(kind, tree[name])]
        if wrong:
            raise ConfigError("model_manifest", f"{path} has no sense in {', '.join(wrong)}: export again")
        return Manifest(**{name: tree[name] for name in Manifest.__dataclass_fields__})


def _is(kind: str, value: Any) -> bool:
    """Whether a value of the manifest is of the kind that its field names, and of a size that can be meant."""
    if kind in ("int", "float"):
        return type(value) in (int, float)[: 1 + (kind == "float")] and 0 <= value <= _MAX_NUMBER
    if kind in ("str", "bool"):
        return type(value).__name__ == kind
    return isinstance(value, dict) and all(
        isinstance(files, dict) and all(isinstance(file, str) and Path(file).name == file for file in files.values())
        for files in value.values()
    )


@dataclass
class Statistics:
    """Number, sum and sum of squares of what was heard, of each channel: a running group norm's memory."""

    count: F32
    total: F32
    squares: F32

    @classmethod
    def empty(cls, channels: int) -> Statistics:
        """Nothing was heard."""
        return cls(np.zeros(1, np.float32), np.zeros(channels, np.float32), np.zeros(channels, np.float32))

    def forget(self, limit: float) -> None:
        """Let old sound fade, so that no more than `limit` values count."""
        if self.count[0] > limit:
            share = np.float32(limit / self.count[0])
            self.count, self.total, self.squares = self.count * share, self.total * share, self.squares * share


@dataclass(frozen=True)
class Past:
    """Keys and values [layers, P, dim] of tokens that are not computed again."""

    keys: F32
    values: F32

    @classmethod
    def none(cls, manifest: Manifest) -> Past:
        """Before the first token."""
        return cls(*(np.zeros((manifest.layers, 0, manifest.dim), np.float32) for _ in range(2)))

    def then(self, other: Past, count: int, most: int) -> Past:
        """These and the first `count` of `other`; of all of them the last `most`."""
        pairs = ((self.keys, other.keys), (self.values, other.values))
        return Past(*(np.concatenate([mine, theirs[:, :count]], axis=1) for mine, theirs in pairs)).last(most)

    def last(self, most: int) -> Past:
        """The last `most` of them."""
        drop = max(0, self.keys.shape[1] - most)
        return Past(self.keys[:, drop:], self.values[:, drop:])


class NeuralModel:
    """The three parts, opened. Raises ConfigError where a file is missing, unreadable or of the wrong shape."""

    def __init__(self, folder: Path, *, device: str = "auto", precision: str = "auto", threads: int = 2) -> None:
        self.manifest = encoder_manifest(folder)
        open_session = opener(onnxruntime, threads)
        available = onnxruntime.get_available_providers()
        self.networks: dict[str, OnnxNetwork] = {}
        for part in PARTS:
            files = {name: folder / file for name, file in self.manifest.files.get(part, {}).items()}
            # Convolutions and running statistics stay FP32 everywhere: they have no other copy.
            forced = precision if part == "back" else "auto"
            self.networks[part] = open_network(files, open_session, available, device, forced)
        self._check()

    def front(self, sound: F32, skip: int, statistics: Statistics) -> F32:
        """Sound [N] (16 kHz, ±1) to features [T, C]; `statistics` take it in, but for the first `skip` values."""
        feed = {"sound": sound[None]}
        if not self.manifest.channels:
            return np.asarray(self._run("front", feed)[0][0])
        carried = {"count": statistics.count, "total": statistics.total, "squares": statistics.squares}
        feed |= {"skip": np.array([skip], np.int64), **carried}
        features, statistics.count, statistics.total, statistics.squares = self._run("front", feed)
        return np.asarray(features[0])

    def project(self, features: F32) -> tuple[F32, F32]:
        """Features [T, C] to tokens [T, dim] and what they add to their neighbours' positions [T, taps, dim]."""
        tokens, spread = self._run("project", {"features": features[None]})
        return tokens[0], spread[0]

    def back(self, tokens: F32, position: F32, past: Past) -> tuple[F32, Past]:
        """Tokens and positional sums [T, dim], which see what came before them, to hidden states [T, dim]; the keys
        and values of these tokens.
        """
        feed = {"tokens": tokens[None], "position": position[None], "keys": past.keys, "values": past.values}
        hidden, keys, values = self._run("back", feed)
        return np.asarray(hidden[0]), Past(keys, values)

    def _run(self, part: str, feed: Mapping[str, Any]) -> Any:
        return self.networks[part].session.run(None, dict(feed))

    def _check(self) -> None:
        m = self.manifest
        sums: dict[str, list[int | None]] = {"count": [1], "total": [m.channels], "squares": [m.channels]}
        if not m.channels:
            sums = {}
        skip: dict[str, list[int | None]] = {"skip": [1]} if m.channels else {}
        check_shapes(self.networks["front"], {"sound": [1, None], **skip, **sums},
                     {"features": [1, None, m.features], **{f"{name}_out": s for name, s in sums.items()}})  # fmt: skip
        check_shapes(self.networks["project"], {"features": [1, None, m.features]},
                     {"tokens": [1, None, m.dim], "spread": [1, None, m.taps, m.dim]})  # fmt: skip
        past: list[int | None] = [m.layers, None, m.dim]
        check_shapes(self.networks["back"], {"tokens": [1, None, m.dim], "position": [1, None, m.dim],
                                             "keys": past, "values": past},
                     {"hidden": [1, None, m.dim], "keys_out": past, "values_out": past})  # fmt: skip
