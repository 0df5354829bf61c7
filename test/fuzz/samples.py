"""Sound files of each kind, made here, for mutating and for tests."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from dataclasses import replace

import numpy as np

from avatar_ros.avatar.avatar_limits import SH_DC
from avatar_ros.avatar.fake import fake_avatar
from avatar_ros.testing.lam_writer import animation_glb, offset_ply, skin_glb

ANSWERS = """locale: en-US
facts: {name: Ava}
parts: {what: "(what's | what is)"}
pronunciations: {ava: "EY V AH"}
before: "[please]"
intents:
- name: time
  phrases: ["<what> the time [now]"]
  answers: ["It is {time}."]
  suggest: ask the time
not_understood: ["Sorry, I am {name}."]
suggestions: ["Try {examples}."]
"""
CHUNK_FIELDS = (
    "min_x min_y min_z max_x max_y max_z min_scale_x min_scale_y min_scale_z max_scale_x max_scale_y max_scale_z"
)
COLOUR_FIELDS = "min_r min_g min_b max_r max_g max_b"


def lam_members(avatar=None):
    """The files of a LAM zip by name."""
    avatar = avatar or fake_avatar(150)
    return {
        "a/skin.glb": skin_glb(avatar),
        "a/offset.ply": offset_ply(avatar),
        "a/animation.glb": animation_glb(list(avatar.clips.values())),
    }


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))  # the same bytes whenever it is made
            info.compress_type = compression
            archive.writestr(info, content)
    return out.getvalue()


def plain_ply(avatar=None):
    """Splats as 3DGS writes them."""
    avatar = avatar or fake_avatar(150)
    raw = bytearray(offset_ply(replace(avatar, colors=(avatar.colors - 0.5) / SH_DC)))
    table = np.frombuffer(raw, "<f4", offset=raw.index(b"end_header\n") + 11).reshape(-1, 17)
    table[:, :3] = avatar.positions
    return bytes(raw)


def _bits(share, count):
    return np.round(np.clip(share, 0, 1) * ((1 << count) - 1)).astype(np.uint32)


def _packed(values, low, high):
    share = (values - low) / np.maximum(high - low, 1e-12)
    return _bits(share[:, 0], 11) << 21 | _bits(share[:, 1], 10) << 11 | _bits(share[:, 2], 11)


def _three(quaternions):
    """Index of the largest component [N] and the others [N, 3], for a positive largest."""
    q = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    largest = np.abs(q).argmax(axis=1)
    q = q * np.where(np.take_along_axis(q, largest[:, None], 1) < 0, -1, 1)
    return largest.astype(np.uint32), np.stack([np.delete(row, k) for row, k in zip(q, largest, strict=True)])


def compressed_ply(avatar=None, colour_range=True, harmonics=False):
    """SuperSplat's compressed .ply: chunks of 256 splats."""
    a = avatar or fake_avatar(300)
    n, chunks, scales = a.splats, -(-a.splats // 256), np.log(a.scales)
    largest, three = _three(a.rotations)
    three = three / np.sqrt(2) + 0.5
    rotation = largest << 30 | _bits(three[:, 0], 10) << 20 | _bits(three[:, 1], 10) << 10 | _bits(three[:, 2], 10)
    rows, words = [], np.empty((n, 4), "<u4")
    for c in range(chunks):
        part = slice(256 * c, 256 * c + 256)
        ends = [(v[part].min(axis=0), v[part].max(axis=0)) for v in (a.positions, scales, a.colors)]
        rows.append(np.concatenate([end for pair in ends[: 3 if colour_range else 2] for end in pair]))
        words[part, 0] = _packed(a.positions[part], *ends[0])
        words[part, 2] = _packed(scales[part], *ends[1])
        low, high = ends[2] if colour_range else (0.0, 1.0)
        rgb = _bits((a.colors[part] - low) / np.maximum(high - low, 1e-12), 8)
        words[part, 3] = rgb[:, 0] << 24 | rgb[:, 1] << 16 | rgb[:, 2] << 8 | _bits(a.opacities[part], 8)
    words[:, 1] = rotation
    fields = f"{CHUNK_FIELDS} {COLOUR_FIELDS}".split() if colour_range else CHUNK_FIELDS.split()
    head = ["ply", "format binary_little_endian 1.0", "comment made by a test", f"element chunk {chunks}"]
    head += [f"property float {name}" for name in fields] + [f"element vertex {n}"]
    head += [f"property uint packed_{name}" for name in ("position", "rotation", "scale", "color")]
    tail = b""
    if harmonics:
        head += [f"element sh {n}", *(f"property uchar f_rest_{i}" for i in range(9))]
        tail = bytes([127]) * (9 * n)
    return "\n".join([*head, "end_header", ""]).encode() + np.array(rows, "<f4").tobytes() + words.tobytes() + tail


def spz(avatar=None, version=3):
    """Niantic's .spz."""
    a = avatar or fake_avatar(150)
    n, bits = a.splats, 12
    if version == 1:
        xyz = a.positions.astype("<f2").tobytes()
    else:
        fixed = np.round(a.positions * (1 << bits)).astype("<i4")
        xyz = fixed.view(np.uint8).reshape(n, 3, 4)[:, :, :3].tobytes()
    alpha = np.round(a.opacities * 255).astype(np.uint8).tobytes()
    colour = np.clip(np.round(((a.colors - 0.5) / SH_DC * 0.15 + 0.5) * 255), 0, 255).astype(np.uint8).tobytes()
    scale = np.clip(np.round((np.log(a.scales) + 10) * 16), 0, 255).astype(np.uint8).tobytes()
    xyzw = a.rotations[:, [1, 2, 3, 0]]
    if version == 3:
        largest, three = _three(xyzw)
        words = largest
        for k in range(3):
            words = words << 10 | (three[:, k] < 0).astype(np.uint32) << 9 | _bits(np.abs(three[:, k]) * np.sqrt(2), 9)
        rotation = words.astype("<u4").tobytes()
    else:
        positive = xyzw * np.where(xyzw[:, 3:] < 0, -1, 1)
        rotation = np.round(positive[:, :3] * 127.5 + 127.5).astype(np.uint8).tobytes()
    head = struct.pack("<4sIIBBBB", b"NGSP", version, n, 0, bits, 0, 0)
    return gzip.compress(head + xyz + alpha + colour + scale + rotation, mtime=0)


def splat(avatar=None):
    """antimatter15's .splat."""
    a = avatar or fake_avatar(150)
    table = np.empty(a.splats, [("xyz", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("rot", "u1", 4)])
    table["xyz"], table["scale"] = a.positions, a.scales
    table["rgba"] = np.round(np.concatenate([a.colors, a.opacities[:, None]], axis=1) * 255)
    table["rot"] = np.clip(np.round(a.rotations * 128 + 128), 0, 255)
    return table.tobytes()


def riff(*chunks, head=b"RIFF"):
    return head + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WAVE" + b"".join(chunks)


def chunk(name, body, size=None, pad=True):
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2 * pad)


def form(bits=16, channels=1, rate=16000, tag=1, align=None, extra=b""):
    align = channels * ((bits + 7) // 8) if align is None else align
    speed = rate * align & 0xFFFFFFFF
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, speed, align & 0xFFFF, bits) + extra)


def onnx_policy(dim=8, outputs=52):
    """The smallest network that backend `policy` takes, written without the library: features @ weights."""
    weights = _field(1, dim) + _field(1, outputs) + _field(2, 1) + _field(8, b"w") + _field(9, bytes(4 * dim * outputs))
    node = _field(1, b"features") + _field(1, b"w") + _field(2, b"weights") + _field(4, b"MatMul")
    graph = _field(1, node) + _field(2, b"g") + _field(5, weights)
    graph += _field(11, _tensor(b"features", dim)) + _field(12, _tensor(b"weights", outputs))
    facts = {b"kind": b"test", b"rate_hz": b"50", b"before": b"2", b"after": b"2"}
    props = b"".join(_field(14, _field(1, key) + _field(2, value)) for key, value in facts.items())
    return _field(1, 8) + _field(8, _field(1, b"") + _field(2, 17)) + _field(7, graph) + props


def _tensor(name, width):
    shape = _field(1, _field(1, 1)) + _field(1, _field(2, b"T")) + _field(1, _field(1, width))
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def _field(number, value):
    """A field of protobuf's wire format: bytes with their length, or a whole number."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
