"""Opens the networks of the expression node, and reads from them which features they were made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from ..core.errors import ConfigError
from ..core.inference import OnnxNetwork, open_network, opener
from ..core.loading import boundary
from ..core.paths import share_file
from .base import LipModel
from .onnx_settings import OnnxSettings

#: Frames of context; more would be held back before the first lips.
_MAX_REACH = 1000
_MAX_DIM = 16384


@dataclass(frozen=True)
class FeatureSpec:
    """Features that a network takes: their kind, width and rate, and the frames of context that one frame needs."""

    kind: str
    dim: int
    rate_hz: float
    before: int
    after: int


def open_lips(backend: str, own: OnnxSettings, file: str) -> OnnxNetwork:
    """The network at the option `model`: a file, or `file` in a folder. Copies in other precisions lie beside it as
    NAME.int8.onnx and NAME.fp16.onnx. Raises ConfigError where there is none.
    """
    if not own.model:
        raise ConfigError("model_missing", f"expression backend '{backend}' needs the parameter '{backend}.model'")
    path = share_file(own.model)
    path = path / file if path.is_dir() else path
    copies = {name: path.with_name(f"{path.stem}.{name}.onnx") for name in ("int8", "fp16")}
    files: dict[str, Path] = {"fp32": path, **{name: copy for name, copy in copies.items() if copy.is_file()}}
    available = onnxruntime.get_available_providers()
    return open_network(files, opener(onnxruntime, own.threads), available, own.device)


def feature_spec(network: OnnxNetwork, fallback: FeatureSpec) -> FeatureSpec:
    """What the file's metadata (kind, rate_hz, before, after) and the shape of its input `features` say; where they
    are silent, `fallback`. Raises ConfigError where they make no sense.
    """
    with boundary(network.file, ConfigError, "model_metadata", "get or export it again"):
        said: Mapping[str, str] = network.session.get_modelmeta().custom_metadata_map
        shape = next((item.shape for item in network.session.get_inputs() if item.name == "features"), None)
        if shape is None or len(shape) != 3 or not isinstance(shape[2], int) or not 1 <= shape[2] <= _MAX_DIM:
            names = ", ".join(f"{item.name} {item.shape}" for item in network.session.get_inputs())
            raise ConfigError(
                "model_shape", f"{network.file} takes {names:.400}; an input features [1, T, dim] is needed"
            )
        wants = FeatureSpec(
            kind=said.get("kind", fallback.kind),
            dim=shape[2],
            rate_hz=float(said.get("rate_hz", fallback.rate_hz)),
            before=int(said.get("before", fallback.before)),
            after=int(said.get("after", fallback.after)),
        )
        reach = range(_MAX_REACH + 1)
        if not 1 <= wants.rate_hz <= 1000 or wants.before not in reach or wants.after not in reach:
            raise ConfigError("model_metadata", f"{network.file}: metadata {dict(said)!s:.400} is not understood")
        return wants


def warm_up(network: OnnxNetwork, lips: LipModel) -> None:
    """Run a network once: a damaged one may open and fail to run. Raises ConfigError."""
    remedy = "it opens but does not run: get or export it again"
    with boundary(network.file, ConfigError, "model_unreadable", remedy):
        lips.weights(np.zeros((lips.before + 1 + lips.after, lips.dim), np.float32))
