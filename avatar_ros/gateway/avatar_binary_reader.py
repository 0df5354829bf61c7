"""Reads what avatar_binary.py writes, slowly and obviously: the reference that page/avatar_file.js is compared with."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from ..avatar.clips import quaternion_matrices
from ..avatar.model import Avatar, Clip, Morphs, Neck
from ..core.errors import AvatarError
from .avatar_binary import MAGIC


def from_binary(blob: bytes) -> Avatar:
    """The avatar, with what rounding left of it. Raises AvatarError where the bytes are no such file or cut off."""
    header, sections = _parts(blob)
    low, high = np.array(header["box"])
    positions = sections["positions"]
    if positions.dtype == np.uint16:
        positions = positions / 65535 * (high - low) + low
    least, most = header["log_scales"]
    rotations = sections["rotations"].astype(np.float64)
    return Avatar(
        name=header["name"],
        positions=positions.astype(np.float32),
        scales=np.exp(sections["scales"] / 255 * (most - least) + least).astype(np.float32),
        rotations=(rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
        colors=(sections["colors"] / 255).astype(np.float32),
        opacities=(sections["opacities"][:, 0] / 255).astype(np.float32),
        morphs=_morphs(header, sections),
        clips=_clips(header, sections),
        neck=_neck(header, sections),
    )


def _parts(blob: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header, and the sections as arrays [rows, columns]."""
    if blob[:4] != MAGIC or len(blob) < 8:
        raise AvatarError("avatar_not_binary", "no compact avatar: make it with avatar_ros.gateway.avatar_binary")
    (length,) = struct.unpack_from("<I", blob, 4)
    body = 8 + length
    header = json.loads(blob[8:body])
    columns = {"positions": 3, "scales": 3, "rotations": 4, "colors": 3, "deltas": 3, "clips": 7}
    sections = {}
    for name, dtype, at, size in header["sections"]:
        if body + at + size > len(blob):
            raise AvatarError("avatar_cut_off", f"compact avatar: section {name} is cut off; fetch it again")
        values = np.frombuffer(blob, np.dtype(dtype).newbyteorder("<"), size // np.dtype(dtype).itemsize, body + at)
        sections[name] = values.reshape(-1, columns.get(name, 1))
    return header, sections


def _morphs(header: dict[str, Any], sections: dict[str, np.ndarray]) -> Morphs:
    offsets = sections["offsets"][:, 0].astype(np.int64)
    parts = []
    for morph, scale in enumerate(header["delta_scales"]):
        span = slice(offsets[morph], offsets[morph + 1])
        indices = np.cumsum(sections["steps"][span, 0].astype(np.int64))
        parts.append((indices, sections["deltas"][span].astype(np.float32) / 127 * scale))
    return Morphs.from_parts(header["morphs"], parts)


def _clips(header: dict[str, Any], sections: dict[str, np.ndarray]) -> dict[str, Clip]:
    pivot, at, clips = np.array(header["pivot"]), 0, {}
    for about in header["clips"]:
        rows = sections["clips"][at : at + about["keys"]] / 32767
        at += about["keys"]
        matrices = np.tile(np.eye(4), (len(rows), 1, 1))
        matrices[:, :3, :3] = quaternion_matrices(rows[:, :4])
        matrices[:, :3, 3] = pivot + rows[:, 4:] * about["reach_m"] - matrices[:, :3, :3] @ pivot
        times_s = np.arange(len(rows)) / about["hz"]
        clips[about["name"]] = Clip(about["name"], times_s.astype(np.float32), matrices.astype(np.float32))
    return clips


def _neck(header: dict[str, Any], sections: dict[str, np.ndarray]) -> Neck | None:
    if "share" not in sections:
        return None
    return Neck((sections["share"][:, 0] / 255).astype(np.float32), tuple(header["pivot"]))
