"""Head clips of a LAM animation.glb, baked at load: world(head)·inverseBind(head) at a fixed rate.

Baked because walking a skeleton in Python costs tens of milliseconds a frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .glb import Glb
from .model import Clip

BAKE_HZ = 30.0
MAX_CLIP_S = 600.0
HEAD_JOINT = "head"
_DEFAULTS = {"translation": (0.0, 0.0, 0.0), "rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0)}
_LOOKUP_ERRORS = (KeyError, IndexError, TypeError, ValueError, AttributeError)


def bake_clips(glb: Glb, joint: str = HEAD_JOINT) -> dict[str, Clip]:
    """All clips of the file as movements of one joint. Raises AvatarError where the file is damaged."""
    if not glb.doc.get("animations"):
        return {}
    try:
        nodes = glb.doc["nodes"]
        chain = _chain(nodes, joint)
        if not chain:
            raise glb.error(f"has no joint named '{joint}'")
        inverse_bind = _inverse_bind(glb, chain[-1])
        return {clip.name: clip for a in glb.doc["animations"] if (clip := _bake(glb, nodes, chain, a, inverse_bind))}
    except _LOOKUP_ERRORS as error:
        raise glb.error(f"its animations are damaged ({error!r})") from None


def _chain(nodes: list[dict[str, Any]], joint: str) -> list[int]:
    """Node numbers from the root down to the joint; empty where it does not exist."""
    parents = {child: i for i, node in enumerate(nodes) for child in node.get("children", ())}
    at = next((i for i, node in enumerate(nodes) if node.get("name") == joint), None)
    chain: list[int] = []
    while at is not None and at not in chain:
        chain.insert(0, at)
        at = parents.get(at)
    return chain


def _inverse_bind(glb: Glb, node: int) -> np.ndarray:
    skin = glb.doc["skins"][0]
    matrices = glb.accessor(skin["inverseBindMatrices"])
    return matrices[skin["joints"].index(node)].astype(np.float64).reshape(4, 4).T  # glTF stores columns


def _bake(glb: Glb, nodes: list[dict[str, Any]], chain: list[int], animation: dict[str, Any],
          inverse_bind: np.ndarray) -> Clip | None:
    tracks = {}
    for channel in animation["channels"]:
        node, path = channel["target"].get("node"), channel["target"]["path"]
        if node in chain and path in _DEFAULTS:
            tracks[node, path] = _track(glb, animation["samplers"][channel["sampler"]])
    if not tracks:
        return None
    start = min(float(times[0]) for times, _, _ in tracks.values())
    end = min(max(float(times[-1]) for times, _, _ in tracks.values()), start + MAX_CLIP_S)
    times_s = np.linspace(0, end - start, max(2, round((end - start) * BAKE_HZ) + 1))
    world = np.broadcast_to(np.eye(4), (len(times_s), 4, 4))
    for node in chain:
        world = world @ _local(nodes[node], node, tracks, times_s + start)
    matrices = (world @ inverse_bind).astype(np.float32)
    if not np.isfinite(matrices).all():
        raise glb.error(f"clip '{animation.get('name')}' holds numbers that are not finite")
    return Clip(str(animation.get("name", "clip")), times_s.astype(np.float32), matrices)


def _track(glb: Glb, sampler: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, str]:
    times = glb.accessor(sampler["input"])[:, 0].astype(np.float64)
    values = glb.accessor(sampler["output"]).astype(np.float64)
    mode = sampler.get("interpolation", "LINEAR")
    if mode == "CUBICSPLINE":  # in-tangent, value, out-tangent; the tangents matter little at a key every frame
        values = values[1::3]
    if len(times) == 0 or len(values) != len(times) or np.any(np.diff(times) < 0):
        raise ValueError(f"{len(times)} key times for {len(values)} values, or not ascending")
    return times, values, mode


def _sample(track: tuple[np.ndarray, np.ndarray, str], path: str, at_s: np.ndarray) -> np.ndarray:
    times, values, mode = track
    x = np.interp(at_s, times, np.arange(len(times)))
    k = np.minimum(x.astype(int), max(len(times) - 2, 0))
    after = np.minimum(k + 1, len(times) - 1)
    f = (x - k)[:, None]
    if mode == "STEP":
        return values[np.where(f[:, 0] >= 1, after, k)]
    a, b = values[k], values[after]
    if path == "rotation":  # the short way round; normalised by _local
        b = np.where(np.sum(a * b, axis=1, keepdims=True) < 0, -b, b)
    return a * (1 - f) + b * f


def _local(node: dict[str, Any], number: int, tracks: dict[tuple[int, str], tuple[np.ndarray, np.ndarray, str]],
           at_s: np.ndarray) -> np.ndarray:
    """Local matrices [K, 4, 4] of one node: translation · rotation · scale."""
    if "matrix" in node and not any(n == number for n, _ in tracks):
        return np.broadcast_to(np.array(node["matrix"], np.float64).reshape(4, 4).T, (len(at_s), 4, 4))
    part = {
        path: _sample(tracks[number, path], path, at_s) if (number, path) in tracks
        else np.broadcast_to(np.array(node.get(path, default), np.float64), (len(at_s), len(default)))
        for path, default in _DEFAULTS.items()
    }
    out = np.zeros((len(at_s), 4, 4))
    out[:, :3, :3] = quaternion_matrices(part["rotation"][:, [3, 0, 1, 2]]) * part["scale"][:, None, :]
    out[:, :3, 3] = part["translation"]
    out[:, 3, 3] = 1
    return out


def quaternion_matrices(wxyz: np.ndarray) -> np.ndarray:
    """Rotation matrices [K, 3, 3] of quaternions [K, 4] wxyz, normalised here."""
    w, x, y, z = (wxyz / np.linalg.norm(wxyz, axis=1, keepdims=True)).T
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]
    return np.stack(rows, axis=1).reshape(-1, 3, 3)
