"""Writing an avatar in LAM's format: one folder with skin.glb, offset.ply, animation.glb and vertex_order.json."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..avatar.model import Avatar, Clip, Neck
from ..avatar.skin import HEAD_JOINT, NECK_LEVELS

_PLY_PROPERTIES = (
    "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
)
_COMPONENTS = {"float32": 5126, "uint8": 5121, "uint16": 5123, "uint32": 5125}
_TYPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_LOWEST_SCALE_M = 1e-13
_FIXED_DATE = (2020, 1, 1, 0, 0, 0)  # so that the same avatar makes the same bytes


def save_lam(avatar: Avatar, path: str | Path) -> None:
    """Write a LAM zip; `load_avatar` gives the same avatar back (to float32 of logarithms and logits)."""
    folder = avatar.name or "avatar"
    members = {
        "skin.glb": skin_glb(avatar),
        "offset.ply": offset_ply(avatar),
        "animation.glb": animation_glb(list(avatar.clips.values())),
        "vertex_order.json": json.dumps(list(range(avatar.splats))).encode(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(f"{folder}/{name}", _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)


def offset_ply(avatar: Avatar) -> bytes:
    """The splats; the centres stand in skin.glb, so the offsets are 0."""
    opacity = np.clip(avatar.opacities.astype(np.float64), 1e-7, 1 - 1e-7)
    columns = np.zeros((avatar.splats, len(_PLY_PROPERTIES)), "<f4")
    columns[:, 6:9] = avatar.colors
    columns[:, 9] = np.log(opacity / (1 - opacity))
    columns[:, 10:13] = np.log(np.maximum(avatar.scales, _LOWEST_SCALE_M))
    columns[:, 13:17] = avatar.rotations
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {avatar.splats}"]
    header += [f"property float {name}" for name in _PLY_PROPERTIES] + ["end_header", ""]
    return "\n".join(header).encode() + columns.tobytes()


def skin_glb(avatar: Avatar) -> bytes:
    """The centres as a mesh with sparse, named morph targets."""
    glb = _GlbWriter()
    position = glb.accessor(avatar.positions.astype("<f4"))
    targets = []
    for m in range(len(avatar.morph_names)):
        indices, deltas = avatar.morphs.part(m)
        targets.append({"POSITION": glb.sparse(avatar.splats, indices, deltas)})
    primitive: dict[str, Any] = {"attributes": {"POSITION": position}, "mode": 0}
    if targets:
        primitive["targets"] = targets
    mesh = {"name": "head", "primitives": [primitive], "extras": {"targetNames": list(avatar.morph_names)}}
    doc: dict[str, Any] = {"meshes": [mesh], "nodes": [{"name": "head_mesh", "mesh": 0}], "scenes": [{"nodes": [0]}]}
    if avatar.neck is not None:
        _add_skin(glb, doc, avatar.neck)
    return glb.bytes(doc)


def _add_skin(glb: _GlbWriter, doc: dict[str, Any], neck: Neck) -> None:
    """Bind each splat to the head and to the chest, the joint NECK_LEVELS above it, by its share."""
    joints = np.tile(np.array([NECK_LEVELS, 0, 0, 0], np.uint8), (len(neck.share), 1))
    weights = np.stack([neck.share, 1 - neck.share, 0 * neck.share, 0 * neck.share], axis=1).astype("<f4")
    names = ["chest", *(f"neck_{i}" for i in range(1, NECK_LEVELS)), HEAD_JOINT]
    nodes = [{"name": name, "children": [i + 2]} for i, name in enumerate(names[:-1])]
    bind = np.tile(np.eye(4, dtype="<f4"), (len(names), 1, 1))
    bind[-1, 3, :3] = -np.array(neck.pivot)  # glTF stores columns
    doc["meshes"][0]["primitives"][0]["attributes"] |= {"JOINTS_0": glb.accessor(joints),
                                                        "WEIGHTS_0": glb.accessor(weights)}
    doc["nodes"][0]["skin"] = 0
    doc["nodes"] += [*nodes, {"name": HEAD_JOINT, "translation": list(neck.pivot)}]
    doc["scenes"][0]["nodes"].append(1)
    doc["skins"] = [{"joints": list(range(1, len(names) + 1)),
                     "inverseBindMatrices": glb.accessor(bind.reshape(-1, 16))}]


def animation_glb(clips: list[Clip]) -> bytes:
    """The clips as movements of one joint `head` that rests at the origin."""
    glb = _GlbWriter()
    bind = glb.accessor(np.eye(4, dtype="<f4").reshape(1, 16))
    animations = []
    for clip in clips:
        times = glb.accessor(clip.times_s.astype("<f4")[:, None])
        outputs = {"translation": clip.matrices[:, :3, 3], "rotation": _quaternions_xyzw(clip.matrices[:, :3, :3])}
        animations.append({
            "name": clip.name,
            "samplers": [{"input": times, "output": glb.accessor(np.ascontiguousarray(values, "<f4"))}
                         for values in outputs.values()],
            "channels": [{"sampler": i, "target": {"node": 0, "path": name}} for i, name in enumerate(outputs)],
        })
    return glb.bytes({"nodes": [{"name": "head"}], "scenes": [{"nodes": [0]}], "animations": animations,
                      "skins": [{"joints": [0], "inverseBindMatrices": bind}]})


def _quaternions_xyzw(rotations: np.ndarray) -> np.ndarray:
    """Quaternions [K, 4] of rotation matrices [K, 3, 3]; good for turns of less than 180°, as heads make."""
    trace = np.trace(rotations, axis1=1, axis2=2)
    w = np.sqrt(np.maximum(1 + trace, 1e-12)) / 2
    xyz = np.stack([rotations[:, 2, 1] - rotations[:, 1, 2], rotations[:, 0, 2] - rotations[:, 2, 0],
                    rotations[:, 1, 0] - rotations[:, 0, 1]], axis=1) / (4 * w[:, None])
    quaternions = np.concatenate([xyz, w[:, None]], axis=1)
    return quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)


class _GlbWriter:
    """Collects accessors and their bytes."""

    def __init__(self) -> None:
        self._bin = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []

    def _view(self, array: np.ndarray) -> int:
        self._bin += b"\0" * (-len(self._bin) % 4)
        self._views.append({"buffer": 0, "byteOffset": len(self._bin), "byteLength": array.nbytes})
        self._bin += array.tobytes()
        return len(self._views) - 1

    def _add(self, accessor: dict[str, Any]) -> int:
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def accessor(self, array: np.ndarray) -> int:
        spec: dict[str, Any] = {
            "bufferView": self._view(array), "componentType": _COMPONENTS[array.dtype.name], "count": len(array),
            "type": _TYPES[array.shape[1]],
        }
        if len(array):
            spec |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        return self._add(spec)

    def sparse(self, count: int, indices: np.ndarray, deltas: np.ndarray) -> int:
        kind = "<u2" if count <= 65536 else "<u4"
        packed = indices.astype(kind)
        return self._add({
            "componentType": 5126, "count": count, "type": "VEC3",
            "sparse": {
                "count": len(indices),
                "indices": {"bufferView": self._view(packed), "componentType": _COMPONENTS[packed.dtype.name]},
                "values": {"bufferView": self._view(deltas.astype("<f4"))},
            },
        })

    def bytes(self, doc: dict[str, Any]) -> bytes:
        doc = {"asset": {"version": "2.0", "generator": "avatar_ros"}, "scene": 0, **doc,
               "accessors": self._accessors, "bufferViews": self._views, "buffers": [{"byteLength": len(self._bin)}]}
        text = json.dumps(doc, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        body = bytes(self._bin) + b"\0" * (-len(self._bin) % 4)
        size = 12 + 8 + len(text) + 8 + len(body)
        return (struct.pack("<4sII", b"glTF", 2, size) + struct.pack("<II", len(text), 0x4E4F534A) + text
                + struct.pack("<II", len(body), 0x004E4942) + body)
