"""The metadata of an ONNX file, read without its library: sherpa-onnx ends the process where a name is missing.

ModelProto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) in protobuf's wire format; field 14 is
metadata_props, entries of key (1) and value (2). The graph is skipped by its length, so a large file costs nothing.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

_METADATA_PROPS = 14
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}

Buffer = mmap.mmap | bytes


def read_metadata(path: Path) -> dict[str, str]:
    """Keys and values. Raises ValueError where it is no ONNX file, OSError where it cannot be read."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        entries = [data[start:end] for number, start, end in _fields(data) if number == _METADATA_PROPS]
    return dict(_entry(entry) for entry in entries)


def _entry(data: bytes) -> tuple[str, str]:
    parts = {number: data[start:end].decode("utf-8", "replace") for number, start, end in _fields(data)}
    return parts.get(1, ""), parts.get(2, "")


def _fields(data: Buffer) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of each field that has a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            at = _varint(data, at)[1]
        elif kind == _LENGTH:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("the file ends too early")
            yield number, at, at + size
            at += size
        elif kind in _FIXED_SIZES:
            at += _FIXED_SIZES[kind]
        else:
            raise ValueError("this is no ONNX file")


def _varint(data: Buffer, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("the file ends too early")
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("this is no ONNX file")
