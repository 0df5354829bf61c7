"""Where the microphones of an array stand, and which of the card's channels they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from ..core.arrays import F64
from ..core.errors import ConfigError

#: What is further apart is no array to measure a direction with, m.
_WIDEST_M = 2.0
_LEAST_M = 0.005
_REMEDY = "write it as 'x y z; x y z', metres, x to the front, y to the avatar's left, z up; or name one of"


@dataclass(frozen=True)
class ArrayGeometry:
    """positions: [microphones, 3] metres, x to the front, y left, z up; channels: the card's, from 0."""

    positions: F64
    channels: tuple[int, ...]

    @property
    def linear(self) -> bool:
        """Whether they stand in one line: front and back then sound the same."""
        centred = self.positions - self.positions.mean(axis=0)
        return bool(np.linalg.matrix_rank(centred, tol=1e-3) < 2)


def _of(rows: tuple[tuple[float, float], ...], first_channel: int = 0) -> ArrayGeometry:
    positions = np.array([(x, y, 0.0) for x, y in rows])
    return ArrayGeometry(positions, tuple(range(first_channel, first_channel + len(rows))))


#: Those of ReSpeaker as ODAS has them (config/odaslive of github.com/introlab/odas); the USB one with its firmware of
#: six channels, the first of which is not a microphone.
PRESETS = {
    "pair": _of(((0.0, 0.05), (0.0, -0.05))),
    "respeaker_usb_4": _of(((-0.032, 0.0), (0.0, -0.032), (0.032, 0.0), (0.0, 0.032)), first_channel=1),
    "respeaker_4": _of(((-0.0405, 0.0), (0.0, 0.0405), (0.0405, 0.0), (0.0, -0.0405))),
    "respeaker_6": _of(
        (
            *((-0.0232, 0.0401), (-0.0463, 0.0), (-0.0232, -0.0401)),
            *((0.0232, -0.0401), (0.0463, 0.0), (0.0232, 0.0401)),
        )
    ),
}


def read_geometry(array: str, channels: str = "") -> ArrayGeometry:
    """The array that the parameters `array` and `array_channels` mean. Raises ConfigError naming what is wrong.

    >>> read_geometry("0 0.04 0; 0 -0.04 0").channels
    (0, 1)
    """
    known = PRESETS.get(array.strip())
    positions = known.positions if known is not None else _positions(array)
    if not channels.strip():
        return known or ArrayGeometry(positions, tuple(range(len(positions))))
    return ArrayGeometry(positions, _channels(channels, len(positions)))


def _positions(text: str) -> F64:
    try:
        rows = [[float(word) for word in row.split()] for row in text.split(";") if row.strip()]
    except ValueError:
        rows = []
    if len(rows) < 2 or any(len(row) != 3 or not all(map(isfinite, row)) for row in rows):
        raise ConfigError("bad_array", f"array is '{text}', which is no array of two microphones or more; {_hint()}")
    positions = np.array(rows)
    apart = np.linalg.norm(positions[:, None] - positions, axis=2)[np.triu_indices(len(rows), 1)]
    if apart.min() < _LEAST_M or apart.max() > _WIDEST_M:
        text = f"array: two of its microphones are {apart.min():g} m apart, and the furthest {apart.max():g} m"
        raise ConfigError("bad_array", f"{text}; between {_LEAST_M:g} and {_WIDEST_M:g} m can be; {_hint()}")
    return positions


def _channels(text: str, count: int) -> tuple[int, ...]:
    words = text.replace(",", " ").split()
    numbers = tuple(int(word) for word in words if word.isdecimal() and int(word) < 64)
    if len(numbers) != len(words) or len(set(numbers)) != count or len(numbers) != count:
        raise ConfigError(
            "bad_array", f"array_channels is '{text}'; it must name {count} different channels, from 0: '1 2 3 4'"
        )
    return numbers


def _hint() -> str:
    return f"{_REMEDY} {', '.join(PRESETS)}"
