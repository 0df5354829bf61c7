"""Head clips of a LAM animation.glb, baked at load: world(head)·inverseBind(head) at a fixed rate, seen from the chest.

The shoulders stay still, so what the chest does is taken out: inverse(world(chest)·inverseBind(chest)) comes first. In
LAM's own clips that leaves 2–9° and 2–17 mm of the head's 4–13° and 20–38 mm; the rest is the body swaying.
Baked because walking a skeleton in Python costs tens of milliseconds a frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np

from .avatar_limits import MAX_CHAIN, MAX_CLIPS, MAX_CLIPS_S
from .glb import LOOKUP_ERRORS, Glb
from .model import Clip
from .skin import HEAD_JOINT, NECK_LEVELS, inverse_bind, joint_chain, node_chain

BAKE_HZ = 30.0
MAX_CLIP_S = 600.0
_DEFAULTS = {"translation": (0.0, 0.0, 0.0), "rotation": (0.0, 0.0, 0.0, 1.0), "scale": (1.0, 1.0, 1.0)}


def bake_clips(glb: Glb, joint: str = HEAD_JOINT) -> dict[str, Clip]:
    """All clips of the file as movements of one joint. Raises AvatarError where the file is damaged."""
    if not glb.doc.get("animations"):
        return {}
    try:
        nodes = glb.doc["nodes"]
        chain = joint_chain(nodes, joint)
        if not chain:
            raise glb.error(f"has no joint named '{joint}'")
        if len(chain) > MAX_CHAIN or len(glb.doc["animations"]) > MAX_CLIPS:
            raise glb.error(f"has {len(chain)} joints above the head and {len(glb.doc['animations'])} clips "
                            f"(limits {MAX_CHAIN}, {MAX_CLIPS})")  # fmt: skip
        return _bake_all(glb, nodes, chain)
    except LOOKUP_ERRORS as error:
        raise glb.error(f"its animations are damaged ({error!r})") from None


def _bake_all(glb: Glb, nodes: list[dict[str, Any]], chain: list[int]) -> dict[str, Clip]:
    clips: dict[str, Clip] = {}
    total_s = 0.0
    for number, animation in enumerate(glb.doc["animations"]):
        clip = _bake(glb, nodes, chain, animation, str(animation.get("name", f"clip {number + 1}"))[:100])
        if clip is not None:
            clips[clip.name] = clip
            total_s += clip.duration_s
        if total_s > MAX_CLIPS_S:
            raise glb.error(f"its clips last more than {MAX_CLIPS_S:.0f} s together")
    return clips


def _bake(glb: Glb, nodes: list[dict[str, Any]], chain: list[int], animation: dict[str, Any],
          name: str) -> Clip | None:  # fmt: skip
    tracks = {}
    for channel in animation["channels"]:
        node, path = channel["target"].get("node"), channel["target"]["path"]
        if node in chain and path in _DEFAULTS:
            tracks[node, path] = _track(glb, animation["samplers"][channel["sampler"]])
    if not tracks:
        return None
    start = min(float(times[0]) for times, _, _ in tracks.values())
    if not all(np.isfinite(times).all() for times, _, _ in tracks.values()):
        raise glb.error(f"clip '{name}' has times that are not finite")
    end = min(max(float(times[-1]) for times, _, _ in tracks.values()), start + MAX_CLIP_S)
    times_s = np.linspace(0, end - start, max(2, round((end - start) * BAKE_HZ) + 1))
    with np.errstate(all="ignore"):  # what comes of odd numbers is looked at below
        locals_ = (_local(nodes[node], node, tracks, times_s + start) for node in chain)
        matrices = _seen_from_chest(glb, chain, locals_)
    if not np.isfinite(matrices).all():
        raise glb.error(f"clip '{name}' holds numbers that are not finite")
    return Clip(name, times_s.astype(np.float32), matrices)


def _seen_from_chest(glb: Glb, chain: list[int], local: Iterable[np.ndarray]) -> np.ndarray:
    """How the head [K, 4, 4] float32 moves for a chest that is held still; `local` gives the chain's matrices."""
    chest = None
    for at, world in enumerate(accumulate(local, np.matmul)):
        if at == len(chain) - 1 - NECK_LEVELS:
            chest = world
    head = world @ inverse_bind(glb, chain[-1])
    if chest is not None and chain[-1 - NECK_LEVELS] in glb.doc["skins"][0]["joints"]:
        head = np.linalg.inv(chest @ inverse_bind(glb, chain[-1 - NECK_LEVELS])) @ head
    return head.astype(np.float32)


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


def matrix_quaternions(matrices: np.ndarray) -> np.ndarray:
    """Quaternions [K, 4] wxyz of the rotations nearest to matrices [K, 3, 3] (Bar-Itzhack 2000), w >= 0."""
    m = np.asarray(matrices, np.float64)
    k = np.empty((len(m), 4, 4))
    k[:, 0, 0] = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    k[:, 1:, 1:] = m + m.transpose(0, 2, 1) - k[:, :1, :1] * np.eye(3)
    k[:, 0, 1:] = np.stack([m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]], axis=1)
    k[:, 1:, 0] = k[:, 0, 1:]
    wxyz = np.linalg.eigh(k)[1][:, :, -1]
    return np.where(wxyz[:, :1] < 0, -wxyz, wxyz)


def world_matrix(nodes: list[dict[str, Any]], node: int) -> np.ndarray:
    """Where a node stands at rest [4, 4]."""
    at_rest = np.zeros(1)
    world = np.eye(4)
    for number in node_chain(nodes, node)[-MAX_CHAIN:]:
        world = world @ _local(nodes[number], number, {}, at_rest)[0]
    return world
