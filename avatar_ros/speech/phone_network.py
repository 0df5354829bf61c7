"""Our own network from sound to phones (models/lips.onnx, made by tools/train_lips.py), streaming, on onnxruntime.

The file says in its metadata what it was made for: classes, bands, delay, and the voice colour to begin with. The
runtime comes in as an argument, as core imports no library.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import F32
from ..core.errors import ConfigError
from ..core.inference import CPU, check_shapes, open_network, opener
from ..core.loading import boundary
from ..core.paths import share_file
from ..core.rates import LISTENING_RATE_HZ
from .mel_features import BANDS
from .mel_filterbank import SHIFT
from .phones import PHONE_CLASSES, PHONE_COUNT

KIND = "avatar_ros lips 1"
_LONGEST_STEP = 256
_FACTS = ("kind", "classes", "rate_hz", "shift", "bands", "delay_frames", "colour", "state_size")


class PhoneNetwork:
    """The loaded network; streams share it."""

    def __init__(self, runtime: Any, path: str = "") -> None:
        """Load. runtime: the module onnxruntime; path: the ONNX file, "" for models/lips.onnx.

        Raises ConfigError where the file is missing, no ONNX, or made for something else.
        """
        file = Path(path) if path else share_file("models/lips.onnx")
        if not file.is_file():
            raise ConfigError("lips_model_missing", f"{file}: no such file; make it with: python tools/train_lips.py")
        network = open_network({"fp32": file}, opener(runtime, threads=1), [CPU], device="cpu")
        self._session = network.session
        with boundary(file, ConfigError, "lips_model_bad", "make it anew: python tools/train_lips.py"):
            facts = _facts(self._session, file)
            self.delay_frames: int = facts["delay_frames"]
            self.colour: F32 = np.array(facts["colour"], np.float32)
            self._state_size: int = facts["state_size"]
            check_shapes(
                network,
                {"features": (1, None, BANDS), "state": (1, self._state_size)},
                {"phones": (1, None, PHONE_COUNT), "next_state": (1, self._state_size)},
            )
            self.step(np.zeros((1, BANDS), np.float32), self.start())  # a damaged graph may open and fail to run

    def start(self) -> F32:
        """The state of a stream that begins [1, S]."""
        return np.zeros((1, self._state_size), np.float32)

    def step(self, features: F32, state: F32) -> tuple[F32, F32]:
        """Features [T, BANDS] -> phone probabilities [T, PHONE_COUNT], late by delay_frames, and the next state."""
        rows = []
        for at in range(0, len(features), _LONGEST_STEP):
            part = features[None, at : at + _LONGEST_STEP]
            phones, state = self._session.run(None, {"features": part, "state": state})
            rows.append(phones[0])
        return (np.concatenate(rows) if rows else np.zeros((0, PHONE_COUNT), np.float32)), state


def _facts(session: Any, path: Path) -> dict[str, Any]:
    given = session.get_modelmeta().custom_metadata_map
    facts = {key: json.loads(value) for key, value in given.items() if key in _FACTS}
    wanted = {
        "kind": KIND,
        "classes": list(PHONE_CLASSES),
        "rate_hz": LISTENING_RATE_HZ,
        "shift": SHIFT,
        "bands": BANDS,
    }
    wrong = [key for key, value in wanted.items() if facts.get(key) != value]
    for key, most in (("delay_frames", _LONGEST_STEP), ("state_size", 1 << 20)):
        if type(facts.get(key)) is not int or not 0 <= facts[key] <= most:
            wrong.append(key)
    colour = facts.get("colour")
    if not isinstance(colour, list) or len(colour) != BANDS or not all(isinstance(c, int | float) for c in colour):
        wrong.append("colour")
    if wrong:
        raise ConfigError(
            "lips_model_bad",
            f"{path}: its metadata does not fit this version ({', '.join(wrong)}); make it anew: "
            "python tools/train_lips.py",
        )
    return facts
