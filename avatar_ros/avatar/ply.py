"""PLY files of Gaussian splats: LAM's offset.ply and the plain format of 3D Gaussian Splatting."""

from __future__ import annotations

import numpy as np

from ..core.errors import AvatarError

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}
MAX_SPLATS = 4_000_000
MAX_HEADER_BYTES = 65536
SH_DC = 0.28209479177387814
"""Spherical harmonics of degree 0: plain 3DGS stores colour = 0.5 + SH_DC · f_dc."""


def read_splats(data: bytes, name: str) -> dict[str, np.ndarray]:
    """Splats of a binary little-endian PLY as float32: xyz [N, 3], f_dc [N, 3], opacity [N], scale [N, 3], rot [N, 4].

    The numbers are raw (logits, logarithms, not normalised). Raises AvatarError naming what is wrong in `name`.
    """
    table = _read_vertices(data, name)
    groups = {
        "xyz": ("x", "y", "z"),
        "f_dc": ("f_dc_0", "f_dc_1", "f_dc_2"),
        "opacity": ("opacity",),
        "scale": ("scale_0", "scale_1", "scale_2"),
        "rot": ("rot_0", "rot_1", "rot_2", "rot_3"),
    }
    absent = [p for properties in groups.values() for p in properties if p not in (table.dtype.names or ())]
    if absent:
        raise _error(name, f"lacks the properties {', '.join(absent)}: not a file of Gaussian splats")
    columns = {
        key: np.stack([table[p] for p in properties], axis=1).astype(np.float32) for key, properties in groups.items()
    }
    columns["opacity"] = columns["opacity"][:, 0]
    return columns


def _error(name: str, text: str) -> AvatarError:
    return AvatarError("avatar_bad_ply", f"{name}: {text}; export it again as binary little-endian PLY")


def _read_vertices(data: bytes, name: str) -> np.ndarray:
    count, dtype, start = _read_header(data, name)
    if len(data) - start < count * dtype.itemsize:
        raise _error(name, f"truncated: the header promises {count} splats of {dtype.itemsize} bytes, "
                           f"{(len(data) - start) // max(dtype.itemsize, 1)} are there")
    return np.frombuffer(data, dtype, count, start)


def _read_header(data: bytes, name: str) -> tuple[int, np.dtype, int]:
    end = data.find(b"end_header", 0, MAX_HEADER_BYTES)
    line_end = data.find(b"\n", end)
    if not data.startswith(b"ply") or end < 0 or line_end < 0:
        raise _error(name, "not a PLY file")
    lines = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    if ["format", "binary_little_endian", "1.0"] not in lines:
        raise _error(name, "its format is not binary_little_endian 1.0")
    elements = [line for line in lines if line[:1] == ["element"] and len(line) == 3]
    if not elements or elements[0][1] != "vertex" or not elements[0][2].isdigit():
        raise _error(name, "its first element is not 'vertex'")
    if int(elements[0][2]) > MAX_SPLATS:
        raise _error(name, f"claims {elements[0][2]} splats (limit {MAX_SPLATS})")
    return int(elements[0][2]), _vertex_dtype(lines, lines.index(elements[0]), name), line_end + 1


def _vertex_dtype(lines: list[list[str]], first: int, name: str) -> np.dtype:
    fields = []
    for line in lines[first + 1 :]:
        if line[:1] == ["element"]:
            break
        if line[:1] == ["property"]:
            if len(line) != 3 or line[1] not in _TYPES:
                raise _error(name, f"property '{' '.join(line[1:])}' is not a number")
            fields.append((line[2], "<" + _TYPES[line[1]]))
    try:
        return np.dtype(fields)
    except ValueError as error:
        raise _error(name, f"its properties are not usable ({error})") from None
