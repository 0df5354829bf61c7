"""Packed splats: SuperSplat's compressed .ply, Niantic's .spz (versions 1 to 3), antimatter15's .splat.

All become the raw columns of a plain .ply: xyz [N, 3], f_dc [N, 3], opacity [N] (logit), scale [N, 3] (logarithm),
rot [N, 4] wxyz. Colour that depends on the direction (spherical harmonics above degree 0) is left out, as there.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from ..core.errors import AvatarError
from .avatar_limits import MAX_MEMBER_BYTES, MAX_SPLATS, SH_DC

Raw = dict[str, np.ndarray]

_RANGES = {"xyz": ("x", "y", "z"), "scale": ("scale_x", "scale_y", "scale_z"), "rgb": ("r", "g", "b")}
CHUNK_FIELDS = tuple(f"{end}_{axis}" for key in ("xyz", "scale") for end in ("min", "max") for axis in _RANGES[key])
COLOUR_FIELDS = tuple(f"{end}_{axis}" for end in ("min", "max") for axis in _RANGES["rgb"])
PACKED_FIELDS = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
_CHUNK = 256
_SPZ_HEADER = struct.Struct("<4sIIBBBB")
_SPZ_EXTENSIONS = 2
_SPZ_COLOUR = 0.15
_SPLAT_BYTES = 32


def unpack_chunks(chunks: np.ndarray, packed: np.ndarray) -> Raw:
    """SuperSplat's compressed .ply: numbers of 8 to 11 bits between the least and the greatest of their chunk of 256.

    chunks, packed: tables with CHUNK_FIELDS (and, where colours are packed so too, COLOUR_FIELDS) and PACKED_FIELDS, a
    chunk for each 256 splats.
    """
    number = np.arange(len(packed)) // _CHUNK
    position, rotation, scale, colour = (packed[name].astype(np.uint32) for name in PACKED_FIELDS)
    rgba = _fields(colour, (24, 8), (16, 8), (8, 8), (0, 8))
    rgb = rgba[:, :3]
    if COLOUR_FIELDS[0] in (chunks.dtype.names or ()):
        rgb = _between(chunks, number, "rgb", rgb)
    three = (_fields(rotation, (20, 10), (10, 10), (0, 10)) - 0.5) * np.float32(np.sqrt(2.0))
    return _raw(
        _between(chunks, number, "xyz", _fields(position, (21, 11), (11, 10), (0, 11))),
        (rgb - 0.5) / SH_DC,
        _logit(rgba[:, 3]),
        _between(chunks, number, "scale", _fields(scale, (21, 11), (11, 10), (0, 11))),
        _with_largest(rotation >> 30, three),
    )


def read_spz(data: bytes, name: str) -> Raw:
    """An .spz file: gzip, a header of 16 bytes, then each property of all splats. Raises AvatarError."""
    body = _unzipped(data, name)
    if len(body) < _SPZ_HEADER.size or body[:4] != b"NGSP":
        raise _error(name, "is packed by gzip and no .spz file")
    _, version, count, degree, fraction_bits, flags, _ = _SPZ_HEADER.unpack_from(body)
    if not 1 <= version <= 3 or flags & _SPZ_EXTENSIONS:
        raise _error(name, f"is of version {version}{' with extensions' if flags & 2 else ''}; 1 to 3 can be read")
    if count > MAX_SPLATS or degree > 4 or fraction_bits > 24:
        raise _error(name, f"claims {count} splats (limit {MAX_SPLATS}); damaged?")
    widths = (6 if version == 1 else 9, 1, 3, 3, 4 if version == 3 else 3)
    if len(body) < _SPZ_HEADER.size + count * sum(widths):
        raise _error(name, f"is cut off: {count} splats are promised")
    parts, at = [], _SPZ_HEADER.size
    for width in widths:
        parts.append(np.frombuffer(body, np.uint8, count * width, at).reshape(count, width))
        at += count * width
    xyz, alpha, colour, scale, rotation = parts
    return _raw(
        np.ascontiguousarray(xyz).view("<f2") if version == 1 else _fixed(xyz) / np.float32(1 << fraction_bits),
        (colour / np.float32(255) - 0.5) / np.float32(_SPZ_COLOUR),
        _logit(alpha[:, 0] / np.float32(255)),
        scale / np.float32(16) - 10,
        _spz_rotation_3(rotation) if version == 3 else _spz_rotation_2(rotation),
    )


def read_splat(data: bytes, name: str) -> Raw:
    """A .splat file: 32 bytes a splat and no header. Raises AvatarError where its size cannot be that."""
    count, rest = divmod(len(data), _SPLAT_BYTES)
    if rest or count > MAX_SPLATS:
        raise _error(name, f"has {len(data)} bytes: no whole number of splats of {_SPLAT_BYTES}, or too many")
    kind = np.dtype([("xyz", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("rot", "u1", 4)])
    table = np.frombuffer(data, kind)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.log(table["scale"])
    rgba = table["rgba"] / 255
    rot = (table["rot"].astype(np.float32) - 128) / 128
    return _raw(table["xyz"], (rgba[:, :3] - 0.5) / SH_DC, _logit(rgba[:, 3]), scale, rot)


def _raw(xyz: np.ndarray, f_dc: np.ndarray, opacity: np.ndarray, scale: np.ndarray, rot: np.ndarray) -> Raw:
    columns = {"xyz": xyz, "f_dc": f_dc, "opacity": opacity, "scale": scale, "rot": rot}
    with np.errstate(over="ignore", invalid="ignore"):
        return {key: np.asarray(values, np.float32) for key, values in columns.items()}


def _error(name: str, text: str) -> AvatarError:
    return AvatarError("avatar_bad_splats", f"{name}: {text}; export it again, as .ply if nothing else helps")


def _unzipped(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(data, MAX_MEMBER_BYTES)
    except zlib.error as error:
        raise _error(name, f"cannot be unpacked ({error})") from None
    if unpacker.unconsumed_tail:
        raise _error(name, f"unpacks to more than {MAX_MEMBER_BYTES >> 20} MiB; a bomb?")
    return body


def _fields(words: np.ndarray, *places: tuple[int, int]) -> np.ndarray:
    """Bit fields (shift, bits) of uint32 [N] as fractions 0-1 [N, fields]."""
    shares = [((words >> shift) & ((1 << bits) - 1)) / np.float32((1 << bits) - 1) for shift, bits in places]
    return np.stack(shares, axis=1, dtype=np.float32)


def _between(chunks: np.ndarray, number: np.ndarray, key: str, share: np.ndarray) -> np.ndarray:
    low, high = (np.stack([chunks[f"{end}_{axis}"] for axis in _RANGES[key]], axis=1)[number] for end in ("min", "max"))
    with np.errstate(over="ignore", invalid="ignore"):
        return low * (1 - share) + high * share


def _with_largest(largest: np.ndarray, three: np.ndarray) -> np.ndarray:
    """Unit quaternions [N, 4] of their index of the largest component [N] and the others, in order [N, 3]."""
    out = np.empty((len(three), 4), np.float32)
    rest = np.sqrt(np.maximum(0.0, 1.0 - np.sum(three * three, axis=1)))
    for k in range(4):
        rows = largest == k
        out[np.ix_(rows, [i for i in range(4) if i != k])] = three[rows]
        out[rows, k] = rest[rows]
    return out


def _logit(opacity: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):  # 0 and 1 are infinite logits, which are sound
        return np.log(opacity) - np.log1p(-opacity)


def _fixed(data: np.ndarray) -> np.ndarray:
    """Signed whole numbers [N, 3] of three bytes each, the lowest first."""
    wide = np.zeros((len(data), 3, 4), np.uint8)
    wide[:, :, 1:] = data.reshape(-1, 3, 3)
    return (wide.view("<i4")[:, :, 0] >> 8).astype(np.float32)  # exact: 24 bits


def _spz_rotation_2(data: np.ndarray) -> np.ndarray:
    xyz = data / 127.5 - 1
    w = np.sqrt(np.maximum(0.0, 1.0 - np.sum(xyz * xyz, axis=1, keepdims=True)))
    return np.concatenate([w, xyz], axis=1)


def _spz_rotation_3(data: np.ndarray) -> np.ndarray:
    """Nine bits and a sign for each component but the largest, in the order x y z w."""
    words = np.ascontiguousarray(data).view("<u4")[:, 0]
    size = _fields(words, (20, 9), (10, 9), (0, 9)) * np.float32(np.sqrt(0.5))
    sign = 1 - 2 * _fields(words, (29, 1), (19, 1), (9, 1))
    return _with_largest(words >> 30, size * sign)[:, [3, 0, 1, 2]]
