"""Fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/), without its library: ONNX files."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BITS = 70

Buffer = bytes | mmap.mmap


@dataclass(frozen=True)
class Field:
    """whole: where it lies; content: what it holds, without number, kind and length. kind: VARINT, BYTES or another."""

    number: int
    kind: int
    whole: slice
    content: slice


def fields(data: Buffer, span: slice) -> Iterator[Field]:
    """Those of the message that lies in `span`. Raises ValueError where it is none, or ends too early."""
    at = span.start
    while at < span.stop:
        tag, begin = varint(data, at)
        kind = tag & 7
        if kind == VARINT:
            end = varint(data, begin)[1]
        elif kind == BYTES:
            size, begin = varint(data, begin)
            end = begin + size
        elif kind in _FIXED_SIZES:
            end = begin + _FIXED_SIZES[kind]
        else:
            raise ValueError("this is no ONNX file")
        if end > span.stop:
            raise ValueError("the file ends too early")
        yield Field(tag >> 3, kind, slice(at, end), slice(begin, end))
        at = end


def varint(data: Buffer, at: int) -> tuple[int, int]:
    """A number of 7 bits a byte, and where it ends. Raises ValueError."""
    value = 0
    for shift in range(0, _MAX_VARINT_BITS, 7):
        if at >= len(data):
            raise ValueError("the file ends too early")
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("this is no ONNX file")


def text(data: Buffer, field: Field) -> str:
    """What a field of BYTES holds, as UTF-8."""
    return bytes(data[field.content]).decode("utf-8", "replace")
