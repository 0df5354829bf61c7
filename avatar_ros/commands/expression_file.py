"""Expression files, the JSON that LAM's tools and ours exchange:

{"names": [52 names], "metadata": {"fps": 30.0, …}, "frames": [{"weights": [52 numbers], "time": seconds}, …]}

Frame i holds at i / fps seconds of the sound. Columns are matched by name, so files of any order and with names missing
(LAM's own heads lack tongueOut) or extra are read; `metadata` may be absent (LAM's bsData.json), then fps is 30.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.arkit import ARKIT_COUNT, ARKIT_INDEX, ARKIT_NAMES
from ..core.errors import ConfigError
from ..core.loading import boundary, read_text
from ..core.private import write_private

DEFAULT_FPS = 30.0
MIN_FPS, MAX_FPS = 0.1, 1000.0
#: Two hours at 30 frames a second.
MAX_BYTES = 128 << 20
_REMEDY = "make it again with: ./avatar express IN.wav OUT.json"


@dataclass(frozen=True, eq=False)
class ExpressionTrack:
    """Weights [T, 52] in the order of core/arkit.py, frame i at i / fps seconds.

    ignored: names in the file that ARKit does not have; repaired: numbers that were not finite and became 0.
    """

    weights: NDArray[np.float32]
    fps: float = DEFAULT_FPS
    metadata: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    repaired: int = 0

    @property
    def duration_s(self) -> float:
        return len(self.weights) / self.fps

    def at(self, time_s: float) -> NDArray[np.float32]:
        """Weights [52] at an instant, linear between frames; rest after the end."""
        if not len(self.weights) or not 0 <= time_s <= self.duration_s:
            return np.zeros(ARKIT_COUNT, np.float32)
        x = min(time_s * self.fps, len(self.weights) - 1.0)
        i = int(x)
        after = min(i + 1, len(self.weights) - 1)
        mixed: NDArray[np.float32] = self.weights[i] * np.float32(1 - (x - i)) + self.weights[after] * np.float32(x - i)
        return mixed


def write_expression(path: str | Path, weights: NDArray[np.floating[Any]], fps: float, **metadata: Any) -> None:
    """Write weights [T, 52] to `path`, whole or not at all. metadata: further entries beside fps."""
    weights = np.clip(np.asarray(weights, np.float64), 0.0, 1.0)
    frames = [
        {"weights": [round(float(w), 5) for w in row], "time": round(i / fps, 6)} for i, row in enumerate(weights)
    ]
    tree = {"names": list(ARKIT_NAMES), "metadata": {"fps": fps, **metadata}, "frames": frames}
    path = Path(path)
    write_private(path, json.dumps(tree))


def read_expression(path: str | Path) -> ExpressionTrack:
    """Read an expression file. Raises ConfigError with one line that says what is wrong and where."""
    path = Path(path)
    if not path.exists():
        raise ConfigError("expression_not_found", f"{path}: no such file")
    with boundary(path, ConfigError, "expression_not_json", _REMEDY):
        try:
            # Whole numbers become floats at once: one of a million digits would take minutes.
            tree = json.loads(read_text(path, MAX_BYTES, "expression_bad"), parse_int=float)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ConfigError("expression_not_json", f"{path}: not an expression file: {error}") from error
        return _parse(path, tree)


def _parse(path: Path, tree: Any) -> ExpressionTrack:
    if (
        not isinstance(tree, dict)
        or not isinstance(tree.get("names"), list)
        or not isinstance(tree.get("frames"), list)
    ):
        raise _bad(path, "needs 'names' (a list of 52 names) and 'frames' (a list)")
    metadata = tree.get("metadata") or {}
    fps = metadata.get("fps", DEFAULT_FPS) if isinstance(metadata, dict) else None
    if not isinstance(fps, int | float) or isinstance(fps, bool) or not MIN_FPS <= fps <= MAX_FPS:
        raise _bad(path, f"metadata.fps is {fps!s:.40}; it must be a number, {MIN_FPS:g} to {MAX_FPS:g}")
    names = tree["names"]
    if not names or not all(isinstance(name, str) for name in names):
        raise _bad(path, "'names' must be texts, one a weight")
    rows = np.array([_row(path, i, frame, len(names)) for i, frame in enumerate(tree["frames"])], np.float64)
    rows = rows.reshape(len(tree["frames"]), len(names))
    return _by_name(names, rows, float(fps), metadata)


def _row(path: Path, number: int, frame: Any, count: int) -> list[float]:
    weights = frame.get("weights") if isinstance(frame, dict) else None
    if not isinstance(weights, list) or len(weights) != count:
        found = f"{len(weights)} weights" if isinstance(weights, list) else "no list of weights"
        raise _bad(path, f"frame {number} has {found}; 'names' has {count}")
    if not all(type(w) is float for w in weights):
        raise _bad(path, f"frame {number} holds something that is not a number")
    return weights


def _by_name(names: list[Any], rows: NDArray[np.float64], fps: float, metadata: Mapping[str, Any]) -> ExpressionTrack:
    finite = np.isfinite(rows)
    weights = np.zeros((len(rows), ARKIT_COUNT), np.float32)
    for column, name in enumerate(names):
        if name in ARKIT_INDEX:
            weights[:, ARKIT_INDEX[name]] = np.clip(np.where(finite[:, column], rows[:, column], 0.0), 0.0, 1.0)
    ignored = tuple(name.encode(errors="replace").decode() for name in names if name not in ARKIT_INDEX)
    return ExpressionTrack(weights, fps, metadata, ignored, int((~finite).sum()))


def _bad(path: Path, what: str) -> ConfigError:
    return ConfigError("expression_bad", f"{path}: {what}")
