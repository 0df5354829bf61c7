"""PLY files of Gaussian splats: LAM's offset.ply, the plain format of 3D Gaussian Splatting, SuperSplat's compressed
one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..core.errors import AvatarError
from .avatar_limits import MAX_SPLATS, SH_DC
from .packed import CHUNK_FIELDS, COLOUR_FIELDS, PACKED_FIELDS, Raw, unpack_chunks

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
MAX_HEADER_BYTES = 65536
__all__ = ["SH_DC", "read_splats"]
_GROUPS = {
    "xyz": ("x", "y", "z"),
    "f_dc": ("f_dc_0", "f_dc_1", "f_dc_2"),
    "opacity": ("opacity",),
    "scale": ("scale_0", "scale_1", "scale_2"),
    "rot": ("rot_0", "rot_1", "rot_2", "rot_3"),
}


class _Element(NamedTuple):
    name: str
    rows: int
    lines: list[list[str]]  # its properties, split


def read_splats(data: bytes, name: str) -> Raw:
    """Splats of a binary little-endian PLY as float32: xyz [N, 3], f_dc [N, 3], opacity [N], scale [N, 3], rot [N, 4].

    The numbers are raw (logits, logarithms, not normalised). Raises AvatarError naming what is wrong in `name`.
    """
    elements, start = _read_header(data, name)
    if elements[0].name == "chunk" and len(elements) > 1 and elements[1].name == "vertex":
        chunks = _read_table(data, name, elements[0], start)
        packed = _read_table(data, name, elements[1], start + chunks.nbytes)
        coloured = COLOUR_FIELDS if COLOUR_FIELDS[0] in (chunks.dtype.names or ()) else ()
        _demand(chunks, CHUNK_FIELDS + coloured, name)
        _demand(packed, PACKED_FIELDS, name)
        if 256 * len(chunks) < len(packed):
            raise _error(name, f"has {len(chunks)} chunks for {len(packed)} splats, 256 to a chunk")
        return unpack_chunks(chunks, packed)
    if elements[0].name != "vertex":
        raise _error(name, "its first element is not 'vertex'")
    table = _read_table(data, name, elements[0], start)
    _demand(table, tuple(p for properties in _GROUPS.values() for p in properties), name)
    with np.errstate(over="ignore"):  # what a float32 cannot hold becomes infinite, and is judged as that
        columns = {
            key: np.stack([table[p] for p in properties], axis=1).astype(np.float32)
            for key, properties in _GROUPS.items()
        }
    columns["opacity"] = columns["opacity"][:, 0]
    return columns


def _demand(table: np.ndarray, properties: tuple[str, ...], name: str) -> None:
    absent = [p for p in properties if p not in (table.dtype.names or ())]
    if absent:
        raise _error(name, f"lacks the properties {', '.join(absent)}: not a file of Gaussian splats")


def _error(name: str, text: str) -> AvatarError:
    return AvatarError("avatar_bad_ply", f"{name}: {text}; export it again as binary little-endian PLY")


def _read_table(data: bytes, name: str, element: _Element, start: int) -> np.ndarray:
    dtype = _dtype(element, name)
    if len(data) - start < element.rows * dtype.itemsize:
        raise _error(name, f"truncated: the header promises {element.rows} splats of {dtype.itemsize} bytes, "
                           f"{(len(data) - start) // max(dtype.itemsize, 1)} are there")  # fmt: skip
    return np.frombuffer(data, dtype, element.rows, start)


def _read_header(data: bytes, name: str) -> tuple[list[_Element], int]:
    """The elements, and where their numbers begin."""
    end = data.find(b"end_header", 0, MAX_HEADER_BYTES)
    line_end = data.find(b"\n", end)
    if not data.startswith(b"ply") or end < 0 or line_end < 0:
        raise _error(name, "not a PLY file")
    lines = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    if ["format", "binary_little_endian", "1.0"] not in lines:
        raise _error(name, "its format is not binary_little_endian 1.0")
    elements: list[_Element] = []
    for line in lines:
        if line[:1] == ["element"]:
            elements.append(_Element(line[1] if len(line) > 1 else "", _count(line, name), []))
        elif line[:1] == ["property"] and elements:
            elements[-1].lines.append(line)
    if not elements:
        raise _error(name, "its first element is not 'vertex'")
    return elements, line_end + 1


def _count(line: list[str], name: str) -> int:
    if len(line) != 3 or not line[2].isdigit() or len(line[2]) > 12:
        raise _error(name, f"its line '{' '.join(line)[:60]}' gives no number")
    if int(line[2]) > MAX_SPLATS and line[1] in ("vertex", "chunk"):
        raise _error(name, f"claims {line[2]} splats (limit {MAX_SPLATS})")
    return int(line[2])


def _dtype(element: _Element, name: str) -> np.dtype:
    fields = []
    for line in element.lines:
        if len(line) != 3 or line[1] not in _TYPES:
            raise _error(name, f"property '{' '.join(line[1:])[:60]}' is not a number")
        fields.append((line[2], "<" + _TYPES[line[1]]))
    try:
        return np.dtype(fields)
    except ValueError as error:
        raise _error(name, f"its properties are not usable ({error})") from None
