"""Movements of the face that have a name: key frames of weights and head, read from config/gestures.yaml.

`core` imports no YAML: the module comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arkit import ARKIT_COUNT, ARKIT_INDEX
from .arrays import F32
from .errors import ConfigError
from .events import KeyFrame
from .parameter_file import nearest
from .yaml_text import load_yaml

#: What a key frame sets: 52 weights, then yaw, pitch and roll of the head, degrees.
_COLUMNS = ARKIT_COUNT + 3
_SIDES = ("", "Left", "Right")
_ANGLES = ("yaw", "pitch", "roll")
_EYES = [i for name, i in ARKIT_INDEX.items() if name.startswith("eyeLook")]
_MOST_FRAMES, _LONGEST_S, _MOST_DEG = 200, 60.0, 60.0
_RETURN_S = 0.3


class Pose(NamedTuple):
    """weights [52], to be added; the head's angles relative to where it is, degrees."""

    weights: F32
    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    @classmethod
    def of(cls, row: NDArray[np.float64]) -> Pose:
        """From a row of a Movement's values."""
        yaw, pitch, roll = (float(angle) for angle in row[ARKIT_COUNT:])
        return cls(row[:ARKIT_COUNT].astype(np.float32), yaw, pitch, roll)


@dataclass(frozen=True)
class Movement:
    """times_s [K], from 0; values [K, 55]: weights and angles, at rest at both ends. about: one line for people."""

    name: str
    about: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def duration_s(self) -> float:
        return float(self.times_s[-1])

    @property
    def moves_eyes(self) -> bool:
        """Whether it says itself where the eyes look; else they stay on what they look at."""
        return bool(np.any(self.values[:, _EYES]))

    def at(self, time_s: float) -> Pose:
        """The pose `time_s` after the beginning."""
        return Pose.of(self.row(time_s))

    def row(self, time_s: float) -> NDArray[np.float64]:
        """[55], weights and angles: between two key frames an S-shaped curve (3t² - 2t³); rest before and after."""
        after = int(np.searchsorted(self.times_s, time_s, side="right"))
        if after == 0 or after == len(self.times_s):
            return np.zeros(_COLUMNS)
        start_s, end_s = self.times_s[after - 1 : after + 1]
        share = (time_s - start_s) / (end_s - start_s)
        share = share * share * (3 - 2 * share)
        mixed: NDArray[np.float64] = self.values[after - 1] * (1 - share) + self.values[after] * share
        return mixed

    @classmethod
    def of(cls, name: str, about: str, frames: Sequence[KeyFrame]) -> Movement:
        """From key frames; rest comes before and after. Raises ConfigError("bad_key_frames") saying what is wrong."""
        if not 0 < len(frames) <= _MOST_FRAMES:
            raise ConfigError("bad_key_frames", f"a movement has 1 to {_MOST_FRAMES} key frames, not {len(frames)}")
        times_s, rows = [0.0], [np.zeros(_COLUMNS)]
        for number, frame in enumerate(frames, 1):
            begins = number == 1 and frame.time_s == 0.0  # it may begin with a jump
            if not isfinite(frame.time_s) or not (begins or times_s[-1] < frame.time_s <= _LONGEST_S):
                raise _bad(
                    number,
                    f"its time is {frame.time_s:g} s; it must lie after the one before, {_LONGEST_S:g} s at most",
                )
            row = _row(frame, number)
            if begins:
                rows[0] = row
            else:
                times_s.append(frame.time_s)
                rows.append(row)
        if np.any(rows[-1]):
            times_s.append(times_s[-1] + _RETURN_S)
            rows.append(np.zeros(_COLUMNS))
        return cls(name, about, np.array(times_s), np.array(rows))


class Movements:
    """All that have a name, in the order of their file."""

    def __init__(self, movements: Sequence[Movement] = ()) -> None:
        self._by_name = {movement.name: movement for movement in movements}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def __iter__(self) -> Iterator[Movement]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Movement:
        """Raises ConfigError("unknown_gesture") naming those that there are."""
        if name not in self._by_name:
            near = nearest(name, list(self._by_name))
            known = ", ".join(self._by_name)
            raise ConfigError("unknown_gesture", f"there is no gesture '{name}'; known: {known}{near}")
        return self._by_name[name]


def load_gestures(yaml: Any, path: Path) -> Movements:
    """The movements of a file. Raises ConfigError naming file, gesture and key frame."""
    content = load_yaml(yaml, path, "gestures_file")
    if not isinstance(content, Mapping) or not content:
        raise ConfigError("gestures_file", f"{path}: it must hold names of gestures, each with its `frames`")
    return Movements([_read(path, str(name), entry) for name, entry in content.items()])


def _read(path: Path, name: str, entry: Any) -> Movement:
    where = f"{path}: gesture '{name}'"
    known = {"about", "frames"}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("frames"), list) or set(entry) - known:
        raise ConfigError(
            "gestures_file", f"{where}: it must have `frames`, a list, and may have `about`, nothing else"
        )
    try:
        return Movement.of(name, str(entry.get("about", "")), [_frame(one) for one in entry["frames"]])
    except ConfigError as error:
        raise ConfigError("gestures_file", f"{where}: {error.text}") from error


def _frame(entry: Any) -> KeyFrame:
    """`{at: 0.3, browInnerUp: 0.5, head: {pitch: 8}}`."""
    if not isinstance(entry, Mapping) or "at" not in entry:
        raise ConfigError("gestures_file", f"a key frame is {entry!r}; write {{at: SECONDS, SHAPE: WEIGHT, head: …}}")
    head = entry.get("head", {})
    if not isinstance(head, Mapping) or set(head) - set(_ANGLES):
        raise ConfigError("gestures_file", f"head is {head!r}; it has yaw, pitch and roll, degrees")
    weights = {str(key): _number(key, value) for key, value in entry.items() if key not in ("at", "head")}
    angles = {f"{axis}_deg": _number(axis, head.get(axis, 0.0)) for axis in _ANGLES}
    amounts = np.array(list(weights.values()), np.float32)
    return KeyFrame(_number("at", entry["at"]), tuple(weights), amounts, **angles)


def _number(key: object, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError("gestures_file", f"{key} is {value!r}; it must be a number")
    return float(value)


def _row(frame: KeyFrame, number: int) -> NDArray[np.float64]:
    row = np.zeros(_COLUMNS)
    if len(frame.shapes) != len(frame.amounts):
        raise _bad(number, f"{len(frame.shapes)} shapes and {len(frame.amounts)} amounts")
    for shape, amount in zip(frame.shapes, frame.amounts, strict=True):
        columns = [ARKIT_INDEX[shape + side] for side in _SIDES if shape + side in ARKIT_INDEX]
        if not columns:
            raise _bad(number, f"'{shape}' is no ARKit blend shape{nearest(shape, list(ARKIT_INDEX))}")
        if not -1.0 <= amount <= 1.0:
            raise _bad(number, f"{shape} is {amount:g}; it must lie between -1 and 1")
        row[columns] = amount
    angles = (frame.yaw_deg, frame.pitch_deg, frame.roll_deg)
    if not all(abs(angle) <= _MOST_DEG for angle in angles):
        raise _bad(number, f"the head's angles are {angles}; {_MOST_DEG:g} degrees are the most")
    row[ARKIT_COUNT:] = angles
    return row


def _bad(number: int, text: str) -> ConfigError:
    return ConfigError("bad_key_frames", f"key frame {number}: {text}")
