"""Who follows the head: a skinned mesh's joints and weights (glTF 2.0, section 3.7.3) as one number a splat.

The joints below the head follow it wholly, the chest not at all, the neck's joints in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.arrays import F32
from .avatar_limits import MAX_JOINTS
from .glb import Glb
from .model import Neck

HEAD_JOINT = "head"
NECK_LEVELS = 3
"""The joint that many levels above the head stays still: LAM's chestUpper, neckLower, neckUpper, head."""
WEIGHTS_SUM_TOLERANCE = 0.05
_INTEGER_ONE = {"uint8": 255.0, "uint16": 65535.0}


def joint_chain(nodes: list[dict[str, Any]], joint: str = HEAD_JOINT) -> list[int]:
    """Node numbers from the root down to the joint; empty where it does not exist."""
    return node_chain(nodes, next((i for i, node in enumerate(nodes) if node.get("name") == joint), None))


def node_chain(nodes: list[dict[str, Any]], node: int | None) -> list[int]:
    """Node numbers from the root down to `node`; a chain that bites its own tail ends there."""
    parents = _parents(nodes)
    chain = dict[int, None]()
    while node is not None and node not in chain:
        chain[node] = None
        node = parents.get(node)
    return [*chain][::-1]


def inverse_bind(glb: Glb, node: int) -> np.ndarray:
    """Matrix [4, 4] float64 from avatar space to a joint's own space at rest."""
    skin = glb.doc["skins"][0]
    matrices = glb.accessor(skin["inverseBindMatrices"])
    return matrices[skin["joints"].index(node)].astype(np.float64).reshape(4, 4).T  # glTF stores columns


def read_neck(glb: Glb, attributes: dict[str, int], splats: int) -> Neck | None:
    """How much each splat follows the head, and where the head turns; None where the mesh is bound to no head.

    Raises AvatarError for weights that are no numbers or do not add up, and for joints that do not exist.
    """
    if "JOINTS_0" not in attributes or not glb.doc.get("skins"):
        return None
    nodes, joints = glb.doc["nodes"], glb.doc["skins"][0]["joints"]
    if len(joints) > MAX_JOINTS:
        raise glb.error(f"has {len(joints)} joints (limit {MAX_JOINTS})")
    chain = joint_chain(nodes)
    if not chain or chain[-1] not in joints:
        return None
    parents = _parents(nodes)
    follow = np.array([_follow(parents, chain, joint) for joint in joints])
    share, total = np.zeros(splats), np.zeros(splats)
    for number in range(8):
        if f"JOINTS_{number}" not in attributes:
            break
        index, weights = _influences(glb, attributes, number, splats)
        if int(index.max(initial=0)) >= len(joints):
            raise glb.error(f"a splat is bound to joint {int(index.max())} of {len(joints)}")
        share += np.sum(follow[index] * weights, axis=1)
        total += np.sum(weights, axis=1)
    if np.abs(total - 1).max(initial=0) > WEIGHTS_SUM_TOLERANCE:
        raise glb.error(f"the joint weights of {int((np.abs(total - 1) > WEIGHTS_SUM_TOLERANCE).sum())} splats do not "
                        "add up to 1")
    place = np.linalg.inv(inverse_bind(glb, chain[-1]))[:3, 3]
    return Neck(np.clip(share, 0, 1).astype(np.float32), (float(place[0]), float(place[1]), float(place[2])))


def _influences(glb: Glb, attributes: dict[str, int], number: int, splats: int) -> tuple[np.ndarray, F32]:
    """Joints [N, 4] and weights [N, 4] of one set; integer weights are fractions of their largest number."""
    index = glb.accessor(attributes[f"JOINTS_{number}"])
    weights = glb.accessor(attributes[f"WEIGHTS_{number}"])
    if index.shape != (splats, 4) or weights.shape != (splats, 4):
        raise glb.error(f"JOINTS_{number} and WEIGHTS_{number} must have 4 numbers for each of the {splats} vertices")
    if index.dtype.kind != "u":
        raise glb.error(f"JOINTS_{number} must be whole numbers without a sign, not {index.dtype.name}")
    weights = weights.astype(np.float32) / np.float32(_INTEGER_ONE.get(weights.dtype.name, 1.0))
    if not np.isfinite(weights).all() or weights.min(initial=0) < 0:
        raise glb.error(f"WEIGHTS_{number} holds numbers that are negative, NaN or infinite")
    return index.astype(np.int64), weights


def _parents(nodes: list[dict[str, Any]]) -> dict[int, int]:
    return {child: i for i, node in enumerate(nodes) for child in node.get("children", ())}


def _follow(parents: dict[int, int], chain: list[int], joint: int) -> float:
    """1 for the head and what hangs on it, falling over the joints of the neck to 0."""
    seen = set[int]()
    while joint not in chain and joint not in seen and joint in parents:
        seen.add(joint)
        joint = parents[joint]
    levels = len(chain) - 1 - chain.index(joint) if joint in chain else NECK_LEVELS
    return max(0.0, 1.0 - levels / NECK_LEVELS)
