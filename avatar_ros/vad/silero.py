"""Silero VAD (https://github.com/snakers4/silero-vad, MIT) on onnxruntime, 0.2 ms a window on one thread.

The model ships inside the silero-vad package, whose Python code needs torch: the file is found without importing it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.levels import FULL_SCALE
from ..core.rates import LISTENING_RATE_HZ
from ..core.registry import how_to_install
from .base import WINDOW_SAMPLES, VadSettings

#: The model wants the end of the previous window before each window.
CONTEXT_SAMPLES = 64
STATE_SHAPE = (2, 1, 128)


def model_path() -> Path:
    """The ONNX file inside the installed silero-vad package. Raises ConfigError where it is missing."""
    spec = importlib.util.find_spec("silero_vad")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "silero_vad.onnx"
        if path.exists():
            return path
    raise ConfigError(
        "vad_model_missing", f"silero_vad.onnx was not found; install it with: {how_to_install('no_deps')}"
    )


class SileroVad:
    """VoiceDetector."""

    def __init__(self, settings: VadSettings) -> None:
        self._session: Any = None

    def load(self) -> None:
        """Load the model on one thread and run it once."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
        self.stream().probability(np.zeros(WINDOW_SAMPLES, np.int16), 0)

    def stream(self) -> SileroStream:
        """A stream with zero state."""
        return SileroStream(self._session)

    def close(self) -> None:
        """Drop the session."""
        self._session = None


class SileroStream:
    """VoiceStream: holds the recurrent state [2, 1, 128] and the last 64 samples."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._state = np.zeros(STATE_SHAPE, np.float32)
        self._input = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
        self._rate = np.array(LISTENING_RATE_HZ, np.int64)

    def probability(self, window: Pcm, first_sample: int) -> float:
        """See VoiceStream."""
        self._input[0, CONTEXT_SAMPLES:] = window.astype(np.float32) / FULL_SCALE
        feed = {"input": self._input, "state": self._state, "sr": self._rate}
        output, self._state = self._session.run(None, feed)
        self._input[0, :CONTEXT_SAMPLES] = self._input[0, -CONTEXT_SAMPLES:]
        return float(output[0, 0])
