"""Dataclass <-> the bytes of its message, without the generated class between, for kinds that come often.

The generated classes look up a Python module for each part of each message: of a node's processor time at a few hundred
messages a second they took half. The layout is read from the same definition, so a new field needs no line here either.
Format: XCDR1, little-endian (DDS-XTypes 1.3, 7.4.1): numbers aligned to their size, texts with length and NUL.
ros/convert.py is the slow and obvious reference; what is not written like this goes that way.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import groupby
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from ..core.clock_id import own_clock_id
from ..core.events import FrameInfo
from ..core.types import AudioFeatures, AudioFrame, Expression, PlaybackClock

#: Kinds that are read and written here: no lists of messages in them.
FAST = frozenset({AudioFrame, AudioFeatures, Expression, PlaybackClock, FrameInfo})
_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
_START = len(_LITTLE_ENDIAN)  # alignment is counted from here
_NS = 1_000_000_000
_NUMBERS = {"boolean": "?", "uint8": "B", "int16": "h", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
            "float": "f", "double": "d"}  # fmt: skip
_PARTS = {
    "std_msgs/Header": (("stamp.sec", "int32"), ("stamp.nanosec", "uint32"), ("frame_id", "string")),
    "geometry_msgs/Quaternion": tuple((axis, "double") for axis in "xyzw"),
    "geometry_msgs/Vector3": tuple((axis, "double") for axis in "xyz"),
}
_TEXT = "string"


class _Wire(NamedTuple):
    """A part of the bytes. code: of struct, for numbers and arrays of fixed length; _TEXT; or a sequence's item's."""

    name: str
    code: str
    sequence: bool = False


#: (bytes, where to read, what was read so far) -> where it ends
_Read = Callable[[bytes, int, list[Any]], int]
#: (bytes so far, values of this piece)
_Write = Callable[[bytearray, Sequence[Any]], None]
#: What was read, in the order of the wire -> a field of the dataclass
_Get = Callable[[list[Any]], Any]
#: (dataclass, time of the header in ns) -> values in the order of the wire
_Put = Callable[[Any, int], tuple[Any, ...]]


class _Run(NamedTuple):
    values: int
    read: _Read
    write: _Write


class Codec:
    """Of one dataclass, by its message class."""

    def __init__(self, kind: type, msg_type: Any) -> None:
        self._kind = kind
        wire = list(_wire(msg_type.get_fields_and_field_types()))
        self._pieces = list(_pieces(wire))
        at = {one.name: index for index, one in enumerate(wire)}
        hints = get_type_hints(kind)
        fields = [item.name for item in dataclasses.fields(kind)]
        self._gets = [(name, _get(name, hints[name], at)) for name in fields]
        self._puts = [_put(name) for name in dict.fromkeys(one.name.partition(".")[0] for one in wire)]

    def decode(self, data: bytes) -> Any:
        """The dataclass, its content unchecked. Raises ValueError where the bytes are not such a message."""
        values: list[Any] = []
        at = _START
        try:
            for piece in self._pieces:
                at = piece.read(data, at, values)
        except struct.error as error:
            raise ValueError(f"its {len(data)} bytes are too few") from error
        return self._kind(**{name: get(values) for name, get in self._gets})

    def encode(self, value: Any, stamp_ns: int) -> bytes:
        """Bytes of its message; stamp_ns as in convert.to_msg. Raises struct.error or OverflowError where they cannot
        hold a number.
        """
        values: list[Any] = []
        for put in self._puts:
            values.extend(put(value, stamp_ns))
        out = bytearray(_LITTLE_ENDIAN)
        begin = 0
        for piece in self._pieces:
            piece.write(out, values[begin : begin + piece.values])
            begin += piece.values
        return bytes(out)


def is_plain(data: bytes) -> bool:
    """Whether `data` is written as everything here is: by a host that is little-endian, too."""
    return data.startswith(_LITTLE_ENDIAN)


# --- the layout on the wire -------------------------------------------------------------------------------------------


def _wire(fields: dict[str, str], prefix: str = "") -> Iterator[_Wire]:
    for name, kind in fields.items():
        array = re.fullmatch(r"(\w+)\[(\d+)\]", kind)
        if kind in _PARTS:
            yield from _wire(dict(_PARTS[kind]), f"{prefix}{name}.")
        elif kind.startswith("sequence<"):
            yield _Wire(prefix + name, _NUMBERS[kind[9:-1]], sequence=True)
        elif array is not None:
            yield _Wire(prefix + name, array[2] + _NUMBERS[array[1]])
        else:
            yield _Wire(prefix + name, _TEXT if kind == _TEXT else _NUMBERS[kind])


def _pieces(wire: Sequence[_Wire]) -> Iterator[_Run]:
    def alone(one: _Wire) -> str:
        return one.name if one.sequence or one.code == _TEXT else ""

    for _, group in groupby(wire, key=alone):
        same = list(group)
        if same[0].sequence:
            yield _sequence(same[0].code)
        elif same[0].code == _TEXT:
            yield _Run(1, _read_text, _write_text)
        else:
            yield _numbers([one.code for one in same])


def _numbers(codes: Sequence[str]) -> _Run:
    """A struct for each of the 8 places that the piece may begin at."""
    structs = [_struct(codes, begin) for begin in range(8)]

    def read(data: bytes, at: int, values: list[Any]) -> int:
        form = structs[(at - _START) & 7]
        values.extend(form.unpack_from(data, at))
        return at + form.size

    def write(out: bytearray, values: Sequence[Any]) -> None:
        out += structs[(len(out) - _START) & 7].pack(*values)

    return _Run(len(codes), read, write)


def _struct(codes: Sequence[str], begin: int) -> struct.Struct:
    form, at = "<", begin
    for code in codes:
        size = struct.calcsize("<" + code[-1])
        padding = -at % size
        count = int(code[:-1] or 1)
        # An array of fixed length is one value: its bytes.
        form += "x" * padding + (code if count == 1 else f"{count * size}s")
        at += padding + count * size
    return struct.Struct(form)


_COUNT = struct.Struct("<I")


def _read_text(data: bytes, at: int, values: list[Any]) -> int:
    at += -at % 4
    (size,) = _COUNT.unpack_from(data, at)
    at += 4
    if at + size > len(data):
        raise struct.error
    values.append(data[at : at + size].partition(b"\0")[0].decode(errors="replace") if size > 1 else "")
    return at + int(size)


def _write_text(out: bytearray, values: Sequence[str]) -> None:
    text = values[0].encode().partition(b"\0")[0]
    out += bytes(-len(out) % 4) + _COUNT.pack(len(text) + 1) + text + b"\0"


def _sequence(code: str) -> _Run:
    dtype = np.dtype("<" + code)
    size = dtype.itemsize

    def read(data: bytes, at: int, values: list[Any]) -> int:
        at += -at % 4
        (count,) = _COUNT.unpack_from(data, at)
        at += 4
        at += -(at - _START) % size if count else 0
        if at + count * size > len(data):
            raise struct.error
        values.append(np.frombuffer(data, dtype, count, at).copy())
        return at + int(count) * size

    def write(out: bytearray, values: Sequence[Any]) -> None:
        array = np.ascontiguousarray(values[0], dtype)
        out += bytes(-len(out) % 4) + _COUNT.pack(array.size)
        out += bytes(-(len(out) - _START) % size if array.size else 0) + array.tobytes()

    return _Run(1, read, write)


# --- the dataclass's fields -------------------------------------------------------------------------------------------


def _get(name: str, hint: Any, at: dict[str, int]) -> _Get:
    if name == "stamp_ns":
        sec, nanosec = at["header.stamp.sec"], at["header.stamp.nanosec"]
        return lambda values: values[sec] * _NS + values[nanosec]
    if name == "head_rotation":
        x, y, z, w = (at[f"{name}.{axis}"] for axis in "xyzw")
        return lambda values: (values[w], values[x], values[y], values[z])
    if name == "head_translation":
        first = at[f"{name}.x"]
        return lambda values: tuple(values[first : first + 3])
    index = at[name]
    if name == "clock_id":
        return lambda values: 0 if values[index] == own_clock_id() else values[index]
    if name == "weights":
        return lambda values: np.frombuffer(values[index], "<f4").astype(np.float32)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return lambda values: hint(values[index])
    return lambda values: values[index]


def _put(name: str) -> _Put:
    if name == "header":
        return lambda value, stamp_ns: (*divmod(value.stamp_ns or stamp_ns, _NS), "")
    if name == "clock_id":
        return lambda value, _: (value.clock_id or (own_clock_id() if value.steady_ns else 0),)
    if name == "head_rotation":
        return lambda value, _: (*value.head_rotation[1:], value.head_rotation[0])
    if name == "head_translation":
        return lambda value, _: value.head_translation
    if name == "weights":
        return lambda value, _: (np.ascontiguousarray(value.weights, "<f4").tobytes(),)
    return lambda value, _: (getattr(value, name),)
