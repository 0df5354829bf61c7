"""Smart Turn v3.2 (https://github.com/pipecat-ai/smart-turn, BSD-2-Clause) on onnxruntime, one thread.

A Whisper encoder with a classifier: log mels of the last 8 s to the probability that the speaker is done, from prosody
and what was said, in 23 languages. The weights (8.7 MB) ship inside the pipecat-ai package, none of whose code is run.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..core.arrays import F32, Pcm
from ..core.errors import ConfigError
from ..core.inference import OnnxNetwork, check_shapes, open_network, opener
from ..core.levels import FULL_SCALE
from ..core.loading import boundary, check_sha256
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import how_to_install
from ..speech.whisper_mel import SHIFT, log_mel
from .base import VadSettings

#: Of the file in pipecat-ai 1.14.0.
SHA256 = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
#: What it takes: the last 8 s.
SAMPLES, BANDS = 8 * LISTENING_RATE_HZ, 80
FRAMES = SAMPLES // SHIFT
_LEAST_VARIANCE = 1e-7
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
    wrong = f"it is not the Smart Turn v3.2 that this was made for; {how_to_install('turn_detector')}"
    with boundary(path, ConfigError, "turn_model_unreadable", "install pipecat-ai again"):
        check_sha256(path, SHA256, "turn_model_wrong", wrong)
    network = open_network({"int8": path}, opener(onnxruntime, 1), onnxruntime.get_available_providers(), "cpu")
    check_shapes(network, {"input_features": (None, BANDS, FRAMES)}, {"logits": (None, 1)})
    return network


def turn_features(sound: F32) -> F32:
    """Log mels [BANDS, FRAMES] of sound [n] at 16 kHz, n <= SAMPLES: zeros before it, then mean 0 and variance 1."""
    samples = np.pad(sound, (SAMPLES - len(sound), 0))
    return log_mel((samples - samples.mean()) / np.sqrt(samples.var() + _LEAST_VARIANCE), BANDS)


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
        features = turn_features(sound[-SAMPLES:].astype(np.float32) / FULL_SCALE)
        output = self._session.run(None, {"input_features": features[None]})[0]
        return float(np.clip(output.reshape(-1)[0], 0.0, 1.0))  # the sigmoid is in the graph, its name notwithstanding

    def close(self) -> None:
        """Drop the session."""
        self._session = None
