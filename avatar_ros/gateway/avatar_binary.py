"""An avatar as one compact file for browsers: 0.6 MB on the wire where LAM's zip has 4.2.

Layout, little-endian: `AVH1`, the length of the header (uint32), the header (JSON, padded with spaces to 4 bytes), then
the sections that it lists, each padded to 4 bytes.

| section | |
|---|---|
| positions | uint16 [N, 3] in their box, or float32 metres where the box is too wide for 16 bits |
| scales | uint8 [N, 3]: between the two logarithms `log_scales` |
| rotations | int8 [N, 4] wxyz in 127ths, not normalised |
| colors, opacities, share | uint8 [N, 3], [N], [N] in 255ths; no share: all of it follows the head |
| offsets | uint32 [M + 1]: where each morph's entries begin |
| steps | uint16 (uint32 where N is larger) [E]: splat number less that of the entry before it in its morph |
| deltas | int8 [E, 3]: in 127ths of the morph's `delta_scales`, metres; the shortest are left out |
| clips | int16 [K, 7]: rotation wxyz in 32767ths, then how the pivot moves in 32767ths of the clip's `reach_m` |

The order of the splats is kept. Read by page/avatar_file.js, and slowly by avatar_binary_reader.py.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..avatar.clips import matrix_quaternions
from ..avatar.framing import head_extent, head_pivot
from ..avatar.model import Avatar, Clip, arkit_columns

MAGIC = b"AVH1"
SMALLEST_SCALE = 6e-5  # of the head's height: LAM's smallest splats are 1e-13 m, which only the blur makes visible
SHORTEST = 3e-5  # of the head's height: 10 µm of a LAM head
COARSEST = 5e-5  # of the head's height: wider steps of a position would be seen
CLIP_HZ = 30.0

Sections = list[tuple[str, NDArray[Any]]]


def to_binary(avatar: Avatar) -> bytes:
    """The file of any avatar that the product can load; the same bytes for the same avatar."""
    extent = head_extent(avatar)
    height_m = extent.top_m - extent.bottom_m
    pivot = head_pivot(avatar)
    splats, of_splats = _splats(avatar, height_m)
    morphs, of_morphs = _morphs(avatar, height_m)
    clips, of_clips = _clips(avatar.clips.values(), pivot)
    header = {
        "name": avatar.name, "splats": avatar.splats, "pivot": pivot.tolist(), "extent": asdict(extent),
        **of_splats, **of_morphs, **of_clips,
    }  # fmt: skip
    return _joined(header, [*splats, *morphs, *clips])


def binary_name(blob: bytes) -> str:
    """What a file is cached by: its SHA-256 in hexadecimal."""
    return hashlib.sha256(blob).hexdigest()


def _splats(avatar: Avatar, height_m: float) -> tuple[Sections, dict[str, Any]]:
    low, high = (corner.astype(np.float64) for corner in avatar.extent())
    side = np.maximum(high - low, 1e-9)
    coarse = float(side.max()) / 65535 > COARSEST * height_m
    positions = avatar.positions if coarse else np.round((avatar.positions - low) / side * 65535).astype(np.uint16)
    logs = np.log(np.maximum(avatar.scales, SMALLEST_SCALE * height_m).astype(np.float64))
    least, most = float(logs.min()), float(max(logs.max(), logs.min() + 1e-6))
    sections: Sections = [
        ("positions", positions),
        ("scales", np.round((logs - least) / (most - least) * 255).astype(np.uint8)),
        ("rotations", np.round(avatar.rotations * 127).astype(np.int8)),
        ("colors", _bytes(avatar.colors)),
        ("opacities", _bytes(avatar.opacities)),
    ]
    if avatar.neck is not None:
        sections.append(("share", _bytes(avatar.head_share)))
    return sections, {"box": [low.tolist(), (low + side).tolist()], "log_scales": [least, most]}


def _morphs(avatar: Avatar, height_m: float) -> tuple[Sections, dict[str, Any]]:
    number = np.uint16 if avatar.splats <= 65536 else np.uint32
    steps, deltas, counts, scales = [np.empty(0, number)], [np.empty((0, 3), np.int8)], [0], []
    for morph in range(len(avatar.morph_names)):
        indices, moved = avatar.morphs.part(morph)
        seen = np.linalg.norm(moved, axis=1) > SHORTEST * height_m
        indices, moved = indices[seen], moved[seen]
        scale = float(np.abs(moved).max()) if len(moved) else 1.0
        steps.append(np.diff(indices, prepend=np.uint32(0)).astype(number))
        deltas.append(np.round(moved / scale * 127).astype(np.int8))
        counts.append(len(indices))
        scales.append(scale)
    sections = [
        ("offsets", np.cumsum(counts).astype(np.uint32)),
        ("steps", np.concatenate(steps)),
        ("deltas", np.concatenate(deltas)),
    ]
    names = list(avatar.morph_names)
    return sections, {"morphs": names, "columns": arkit_columns(names).tolist(), "delta_scales": scales}


def _clips(clips: Iterable[Clip], pivot: NDArray[np.float64]) -> tuple[Sections, dict[str, Any]]:
    rows, about = [np.empty((0, 7), np.int16)], []
    for clip in clips:
        keys, hz = _even_keys(clip)
        moved = keys[:, :3, :3] @ pivot + keys[:, :3, 3] - pivot
        reach_m = max(float(np.abs(moved).max()), 1e-6)
        row = np.concatenate([matrix_quaternions(keys[:, :3, :3]), moved / reach_m], axis=1)
        rows.append(np.round(row * 32767).astype(np.int16))
        about.append({"name": clip.name, "keys": len(keys), "hz": hz, "reach_m": reach_m})
    return [("clips", np.concatenate(rows))], {"clips": about}


def _even_keys(clip: Clip) -> tuple[NDArray[np.float64], float]:
    """Its matrices [K, 4, 4] at even times, and how many of them a second."""
    count = len(clip.times_s)
    even = np.linspace(0, clip.duration_s, count)
    if np.allclose(clip.times_s, even, atol=1e-4):
        matrices = clip.matrices
    else:
        even = np.linspace(0, clip.duration_s, max(2, round(clip.duration_s * CLIP_HZ) + 1))
        matrices = np.stack([clip.at(time_s, loop=False) for time_s in even])
    hz = (len(matrices) - 1) / clip.duration_s if clip.duration_s > 0 else CLIP_HZ
    return matrices.astype(np.float64), hz


def _bytes(shares: NDArray[Any]) -> NDArray[np.uint8]:
    return np.round(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _joined(header: dict[str, Any], sections: Sections) -> bytes:
    listed, parts, at = [], [], 0
    for name, values in sections:
        part = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
        listed.append([name, str(values.dtype), at, len(part)])
        parts.append(part + b"\0" * (-len(part) % 4))
        at += len(parts[-1])
    text = json.dumps({**header, "sections": listed}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *parts])
