"""Smart Turn v3.2 (https://github.com/pipecat-ai/smart-turn, BSD-2-Clause) on onnxruntime, one thread.

A Whisper encoder with a classifier: log mels of the last 8 s to the probability that the speaker is done, from prosody
and what was said, in 23 languages. The weights (8.7 MB) ship inside the pipecat-ai package, none of whose code is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.inference import OnnxNetwork, check_shapes, open_network, opener
from ..core.levels import FULL_SCALE
from ..core.loading import boundary, read_bytes
from ..core.registry import how_to_install
from .base import VadSettings
from .whisper_mel import BANDS, FRAMES, SAMPLES, log_mel

#: Of the file in pipecat-ai 1.14.0.
SHA256 = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
_MOST_BYTES = 32 << 20
_FILE = Path("audio", "turn", "smart_turn", "data", "smart-turn-v3.2-cpu.onnx")


def model_path() -> Path:
    """The ONNX file inside the installed pipecat-ai package. Raises ConfigError where it is missing."""
    spec = importlib.util.find_spec("pipecat")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / _FILE).exists():
            return path
    remedy = how_to_install("turn_detector")
    raise ConfigError("turn_model_missing", f"{_FILE.name} was not found; install it with: {remedy}, or set "
                                            "vad_node's turn_detector to words")  # fmt: skip


def open_model(path: Path) -> OnnxNetwork:
    """The checked network. Raises ConfigError where the file is another one, cannot be read or does not fit."""
    with boundary(path, ConfigError, "turn_model_unreadable", "install pipecat-ai again"):
        found = hashlib.sha256(read_bytes(path, _MOST_BYTES, "turn_model_wrong")).hexdigest()
    if found != SHA256:
        text = f"{path} is not the Smart Turn v3.2 that this was made for (sha256 {found[:12]}…, not {SHA256[:12]}…)"
        raise ConfigError("turn_model_wrong", f"{text}; {how_to_install('turn_detector')}")
    network = open_network({"int8": path}, opener(onnxruntime, 1), onnxruntime.get_available_providers(), "cpu")
    check_shapes(network, {"input_features": (None, BANDS, FRAMES)}, {"logits": (None, 1)})
    return network


class SmartTurn:
    """TurnDetector."""

    def __init__(self, settings: VadSettings) -> None:
        self._session: Any = None

    def load(self) -> None:
        """Load the model and run it once."""
        self._session = open_model(model_path()).session
        self.probability(np.zeros(SAMPLES, np.int16))

    def probability(self, sound: Pcm) -> float | None:
        """See TurnDetector. What is shorter than 8 s is filled up with zeros before it."""
        features = log_mel(sound[-SAMPLES:].astype(np.float32) / FULL_SCALE)
        output = self._session.run(None, {"input_features": features[None]})[0]
        return float(np.clip(output.reshape(-1)[0], 0.0, 1.0))  # the sigmoid is in the graph, its name notwithstanding

    def close(self) -> None:
        """Drop the session."""
        self._session = None
