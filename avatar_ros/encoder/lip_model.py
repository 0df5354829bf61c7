"""Our own network from sound to phones (models/lips.onnx, made by tools/train_lips.py), streaming, on onnxruntime.

The file says in its metadata what it was made for: classes, bands, delay, and the voice colour to begin with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..core.errors import ConfigError
from ..core.inference import CPU, check_shapes, open_network, opener
from ..core.phones import PHONE_CLASSES, PHONE_COUNT, PHONE_RATE_HZ, SIL
from .bands import BANDS, RATE_HZ, SHIFT, BandStream, VoiceLevel
from .resample import Resampler
from .sources import FrameGrid

F32 = NDArray[np.float32]
Pcm = NDArray[np.int16]

KIND = "avatar_ros lips 1"
#: Frames that lips lead the sound by, as in listener.py.
LEAD_FRAMES = 1
#: Bilabials count this much more than the network says, as in listener.py.
CLOSURE_COST = 4.0
_COSTS = np.array([CLOSURE_COST if name in ("P", "B", "M") else 1.0 for name in PHONE_CLASSES], np.float32)
_LONGEST_STEP = 256


class LipModel:
    """The loaded network; streams share it."""

    def __init__(self, path: Path) -> None:
        """Load. Raises ConfigError where the file is missing, no ONNX, or made for something else."""
        if not path.is_file():
            raise ConfigError("lips_model_missing", f"{path}: no such file; make it with: python tools/train_lips.py")
        network = open_network({"fp32": path}, opener(onnxruntime, threads=1), [CPU], device="cpu")
        self._session = network.session
        facts = _facts(self._session, path)
        self.delay_frames = int(facts["delay_frames"])
        self.colour: F32 = np.array(facts["colour"], np.float32)
        self._state_size = int(facts["state_size"])
        check_shapes(
            network,
            {"features": (1, None, BANDS), "state": (1, self._state_size)},
            {"phones": (1, None, PHONE_COUNT), "next_state": (1, self._state_size)},
        )

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
    try:
        facts = {key: json.loads(value) for key, value in given.items()}
    except ValueError:
        facts = {}
    wanted = {"kind": KIND, "classes": list(PHONE_CLASSES), "rate_hz": RATE_HZ, "shift": SHIFT, "bands": BANDS}
    wrong = [key for key, value in wanted.items() if facts.get(key) != value]
    wrong += [key for key in ("delay_frames", "colour", "state_size") if key not in facts]
    if not wrong and len(facts["colour"]) != BANDS:
        wrong = ["colour"]
    if wrong:
        raise ConfigError(
            "lips_model_bad",
            f"{path}: its metadata does not fit this version ({', '.join(wrong)}); make it anew: "
            "python tools/train_lips.py",
        )
    return facts


class LearnedSource:
    """See sources.PhoneSource. A frame needs LEAD_FRAMES + delay_frames frames and half a window of sound after it."""

    def __init__(self, model: LipModel, level: VoiceLevel, grid: FrameGrid) -> None:
        self._model = model
        self._grid = grid
        self._resampler = Resampler(grid.rate_hz)
        self._bands = BandStream(level, grid.next_frame / PHONE_RATE_HZ - grid.end_sample / grid.rate_hz)
        self._state = model.start()
        self._skip = model.delay_frames + LEAD_FRAMES
        self._rows: F32 = np.zeros((0, PHONE_COUNT), np.float32)

    def push(self, pcm: Pcm) -> F32:
        """Frames that are decided now."""
        self._grid.grow(len(pcm))
        self._hear(self._resampler.push(pcm))
        return self._give(min(len(self._rows), self._grid.rest()))

    def finish(self) -> F32:
        """Frames up to the last sample, as if silence followed."""
        silence = np.zeros((self._model.delay_frames + LEAD_FRAMES + 3) * SHIFT)
        self._hear(np.concatenate([self._resampler.finish(), silence]))
        return self._give(self._grid.rest())

    def _hear(self, samples: NDArray[np.float64]) -> None:
        rows, self._state = self._model.step(self._bands.push(samples), self._state)
        drop = min(self._skip, len(rows))
        self._skip -= drop
        rows = rows[drop:] * _COSTS
        self._rows = np.concatenate([self._rows, rows / rows.sum(axis=1, keepdims=True)])

    def _give(self, count: int) -> F32:
        self._grid.take(count)
        out, self._rows = self._rows[:count], self._rows[count:]
        missing = np.zeros((count - len(out), PHONE_COUNT), np.float32)
        missing[:, SIL] = 1.0
        return np.concatenate([out, missing])


class FusedSource:
    """Two opinions about the same sentence, frame by frame: the product of their probabilities, weighted.

    first, second: PhoneSources on grids of their own that begin alike; share: weight of the first, 0–1.
    """

    _FLOOR = 1e-3

    def __init__(self, first: Any, second: Any, share: float) -> None:
        self._sources = (first, second)
        self._shares = (share, 1.0 - share)
        self._held = [np.zeros((0, PHONE_COUNT), np.float32) for _ in range(2)]

    def push(self, pcm: Pcm) -> F32:
        """Frames that both have decided."""
        return self._mix([source.push(pcm) for source in self._sources])

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._mix([source.finish() for source in self._sources])

    def _mix(self, fresh: list[F32]) -> F32:
        self._held = [np.concatenate(pair) for pair in zip(self._held, fresh, strict=True)]
        count = min(len(rows) for rows in self._held)
        logs = sum(
            share * np.log(rows[:count] + self._FLOOR) for share, rows in zip(self._shares, self._held, strict=True)
        )
        self._held = [rows[count:] for rows in self._held]
        out = np.exp(np.asarray(logs, np.float32))
        return np.asarray(out / np.maximum(out.sum(axis=1, keepdims=True), 1e-9), np.float32)
