"""Writing the character as a LAM-format zip, in metres; the same input gives the same bytes."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from .clips import BONES, HEAD_BONE, HeadClip
from .cloud import Cloud
from .sdf import Array

ORIGIN_M = np.array([0.0, 1.65, 0.0])
FOLDER = "avatar"
PROPERTIES = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
SMALLEST_DELTA_M = 4e-5
STEP_M = 2.0**-17  # deltas are rounded to 8 µm: nobody sees it and the file packs better
_FIXED_DATE = (2020, 1, 1, 0, 0, 0)
_COMPONENTS = {"float32": 5126, "uint8": 5121, "uint16": 5123}
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


def write_zip(path: Path, cloud: Cloud, morphs: Mapping[str, Array], head_share: Array,
              clips: list[HeadClip], sample: dict[str, Any], about: Mapping[str, Any] | None = None) -> None:
    """Cloud in mm; morphs: name to deltas [N, 3] mm; head_share: [N] how much a splat follows the head joint.

    about: what avatar.yaml says (see avatar_ros/avatar/card.py).
    """
    members = {
        "skin.glb": skin_glb(cloud, morphs, head_share),
        "offset.ply": offset_ply(cloud),
        "animation.glb": animation_glb(clips),
        "vertex_order.json": json.dumps(np.argsort(cloud.position[:, 2], kind="stable").tolist()).encode(),
        "bsData.json": json.dumps(sample, separators=(",", ":")).encode(),
    }
    if about:
        members["avatar.yaml"] = yaml.safe_dump(dict(about), sort_keys=False, allow_unicode=True).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(f"{FOLDER}/{name}", _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, compresslevel=9)


def offset_ply(cloud: Cloud) -> bytes:
    """Shape and colour of each splat; its centre stands in skin.glb, so the offsets are 0."""
    opacity = np.clip(cloud.opacity, 1e-4, 1 - 1e-4)
    columns = np.zeros((len(cloud), len(PROPERTIES)), "<f4")
    columns[:, 6:9] = np.round(cloud.color * 1024) / 1024
    columns[:, 9] = np.round(np.log(opacity / (1 - opacity)) * 64) / 64
    columns[:, 10:13] = np.round(np.log(np.maximum(cloud.scale, 1e-3) / 1000) * 64) / 64
    columns[:, 13:17] = np.round(quaternions(cloud) * 1024) / 1024
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(cloud)}"]
    header += [f"property float {name}" for name in PROPERTIES] + ["end_header", ""]
    return "\n".join(header).encode() + columns.tobytes()


def quaternions(cloud: Cloud) -> Array:
    """Wxyz [N, 4] of the rotations that turn x, y, z into tangent, across, normal."""
    t, n = cloud.tangent, cloud.normal
    m = np.stack([t, np.cross(n, t), n], axis=2)
    d = np.stack([m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]], axis=1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], float)
    q = np.sqrt(np.maximum(1 + d @ signs.T, 0)) / 2
    which = q.argmax(axis=1)
    a, b, c = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    e, f, g = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    w = q[np.arange(len(q)), which] * 4
    rows = np.stack([np.stack(r, 1) for r in ((w * w / 4, a, b, c), (a, w * w / 4, e, f), (b, e, w * w / 4, g),
                                              (c, f, g, w * w / 4))], axis=1)
    out = rows[np.arange(len(q)), which] / w[:, None]
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def skin_glb(cloud: Cloud, morphs: Mapping[str, Array], head_share: Array) -> bytes:
    """Centres, joints and weights, and the morphs as sparse targets."""
    glb = Glb()
    joints = np.zeros((len(cloud), 4), np.uint8)
    joints[:, 0], joints[:, 1] = len(BONES) - 1, len(BONES) - 4  # head and chest, which does not move
    weights = np.zeros((len(cloud), 4), "<f4")
    weights[:, 0] = np.round(head_share * 256) / 256
    weights[:, 1] = 1 - weights[:, 0]
    position = np.round((cloud.position / 1000 + ORIGIN_M) / STEP_M) * STEP_M
    attributes = {"POSITION": glb.add(position.astype("<f4"), bounds=True), "JOINTS_0": glb.add(joints),
                  "WEIGHTS_0": glb.add(weights)}
    targets = [{"POSITION": glb.add_sparse(delta / 1000)} for delta in morphs.values()]
    mesh = {"name": "avatar", "extras": {"targetNames": list(morphs)}, "weights": [0] * len(targets),
            "primitives": [{"attributes": attributes, "mode": 0, "targets": targets}]}
    nodes, skin = skeleton(glb)
    nodes.append({"name": "avatar", "mesh": 0, "skin": 0})
    return glb.bytes({"meshes": [mesh], "nodes": nodes, "skins": [skin], "scenes": [{"nodes": [0, len(nodes) - 1]}]})


def skeleton(glb: Glb) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Nodes of the spine, each the child of the one before, and the skin that binds them."""
    nodes: list[dict[str, Any]] = []
    inverse_bind, below = [], np.zeros(3)
    for number, (name, place) in enumerate(BONES):
        node: dict[str, Any] = {"name": name, "translation": [round(float(v), 6) for v in np.subtract(place, below)]}
        if number + 1 < len(BONES):
            node["children"] = [number + 1]
        nodes.append(node)
        matrix = np.eye(4)
        matrix[3, :3] = -np.asarray(place)  # glTF stores columns
        inverse_bind.append(matrix.ravel())
        below = np.asarray(place, float)
    accessor = glb.add(np.array(inverse_bind, "<f4"))
    return nodes, {"name": "spine", "joints": list(range(len(BONES))), "inverseBindMatrices": accessor}


def animation_glb(clips: list[HeadClip]) -> bytes:
    """The clips as rotations (xyzw) and translations of the joint `head`."""
    glb = Glb()
    nodes, skin = skeleton(glb)
    head = [name for name, _ in BONES].index(HEAD_BONE)
    rest = np.array(nodes[head]["translation"])
    animations = []
    for clip in clips:
        times = glb.add(clip.times_s.astype("<f4")[:, None], bounds=True)
        outputs = {"translation": rest + clip.shift_m, "rotation": clip.quaternions_xyzw}
        animations.append({
            "name": clip.name,
            "samplers": [{"input": times, "interpolation": "LINEAR", "output": glb.add(v.astype("<f4"))}
                         for v in outputs.values()],
            "channels": [{"sampler": i, "target": {"node": head, "path": path}} for i, path in enumerate(outputs)],
        })
    return glb.bytes({"nodes": nodes, "skins": [skin], "animations": animations, "scenes": [{"nodes": [0]}]})


class Glb:
    """Collects arrays for a binary glTF 2.0 file."""

    def __init__(self) -> None:
        self._bin = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def add(self, array: Array, *, bounds: bool = False) -> int:
        """An accessor; its number."""
        spec: dict[str, Any] = {"bufferView": self._view(array), "componentType": _COMPONENTS[array.dtype.name],
                                "count": len(array), "type": _TYPES[array.shape[1]]}
        if bounds:
            spec |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        self._accessors.append(spec)
        return len(self._accessors) - 1

    def add_sparse(self, deltas: Array) -> int:
        """Deltas [N, 3] metres as a sparse accessor of those that move."""
        moved = np.flatnonzero(np.linalg.norm(deltas, axis=1) > SMALLEST_DELTA_M)
        values = (np.round(deltas[moved] / STEP_M) * STEP_M).astype("<f4")
        self._accessors.append({
            "componentType": 5126, "count": len(deltas), "type": "VEC3",
            "min": np.minimum(values.min(axis=0, initial=0), 0).tolist(),
            "max": np.maximum(values.max(axis=0, initial=0), 0).tolist(),
            "sparse": {"count": len(moved), "values": {"bufferView": self._view(values)},
                       "indices": {"bufferView": self._view(moved.astype("<u2")), "componentType": 5123}},
        })
        return len(self._accessors) - 1

    def _view(self, array: Array) -> int:
        self._bin += b"\0" * (-len(self._bin) % 4)
        self._views.append({"buffer": 0, "byteOffset": len(self._bin), "byteLength": array.nbytes})
        self._bin += np.ascontiguousarray(array).tobytes()
        return len(self._views) - 1

    def bytes(self, doc: dict[str, Any]) -> bytes:
        """The file."""
        doc = {"asset": {"version": "2.0", "generator": "avatar_ros make_avatar"}, "scene": 0, **doc,
               "accessors": self._accessors, "bufferViews": self._views, "buffers": [{"byteLength": len(self._bin)}]}
        text = json.dumps(doc, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        body = bytes(self._bin) + b"\0" * (-len(self._bin) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body))
        return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
