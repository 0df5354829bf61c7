"""LAM avatars (.zip): the head's mesh gives positions and morphs, offset.ply the splats, animation.glb the clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.arrays import F32
from ..core.avatar_names import name_of
from ..core.errors import AvatarError
from .archive import AvatarArchive
from .avatar_limits import MAX_MORPH_ENTRIES, MAX_MORPHS
from .clips import bake_clips, world_matrix
from .glb import LOOKUP_ERRORS, Glb
from .model import Avatar, Clip, Morphs, Neck
from .ply import read_splats
from .skin import read_neck

#: What stands farther away is damage.
_FARTHEST_M = 1e6
_PLACES = ("xyz", "POSITION", "morph targets")
#: Infinite numbers that mean something: sigmoid and exp make 0 or 1 of them.
_MAY_BE_INFINITE = {"opacity": (-np.inf, np.inf), "scale": (-np.inf,)}


def load_lam(path: Path) -> Avatar:
    """Load a LAM zip. Raises AvatarError with one line that names the part and the remedy."""
    with AvatarArchive(path) as archive:
        raw = read_offsets(archive)
        mesh = read_mesh(archive, len(raw["xyz"]))
        clips = read_clips(archive)
    return assemble(path, raw, mesh, clips)


Parts = list[tuple[np.ndarray, np.ndarray]]
"""Indices [K] and deltas [K, 3] of each morph."""
_NOTHING = (np.zeros(0, np.uint32), np.zeros((0, 3), np.float32))


class Mesh(NamedTuple):
    """What skin.glb holds."""

    positions: F32  # [N, 3] metres
    morphs: Morphs
    neck: Neck | None


def assemble(path: Path, raw: dict[str, np.ndarray], mesh: Mesh, clips: dict[str, Clip]) -> Avatar:
    """An avatar of the parts read below. Raises AvatarError where they do not fit together or are not finite."""
    positions, morphs, neck = mesh
    if len(positions) != len(raw["xyz"]):
        raise AvatarError("avatar_count_mismatch", f"{path}: skin.glb has {len(positions)} vertices, offset.ply "
                                                   f"{len(raw['xyz'])} splats; they must come from the same export")
    if len(positions) == 0:
        raise AvatarError("avatar_empty", f"{path}: holds no splats; export the avatar again")
    check_finite(path, "skin.glb", {"POSITION": positions, "morph targets": morphs.deltas})
    check_finite(path, "offset.ply", raw)
    return Avatar(
        name=name_of(path),
        positions=positions + raw["xyz"],
        scales=linear_scales(raw["scale"]),
        rotations=normalise_quaternions(raw["rot"]),
        colors=np.clip(raw["f_dc"], 0.0, 1.0),
        opacities=sigmoid(raw["opacity"]),
        morphs=morphs,
        clips=clips,
        neck=neck,
    )


def linear_scales(logarithms: np.ndarray) -> np.ndarray:
    """Standard deviations in metres of stored logarithms; capped at e³ = 20 m, far beyond any head."""
    return np.exp(np.minimum(logarithms, 3.0)).astype(np.float32)


def check_finite(path: Path, part: str, arrays: dict[str, np.ndarray]) -> None:
    """Raise AvatarError where an array holds NaN or infinity; a logit may be infinite, and the logarithm of nothing."""
    for name, values in arrays.items():
        limit = _FARTHEST_M if name in _PLACES else np.finfo(np.float32).max
        sound = (np.abs(values) <= limit) | np.isin(values, _MAY_BE_INFINITE.get(name, ()))
        bad = values.size - int(sound.sum())
        if bad:
            raise AvatarError("avatar_not_finite", f"{path}: {part} holds {bad} values of {name} that are NaN, "
                                                   "infinite or no sensible number; export the avatar again")


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Logistic function, without overflow."""
    return (0.5 * (1.0 + np.tanh(0.5 * x))).astype(np.float32)


def normalise_quaternions(wxyz: np.ndarray) -> np.ndarray:
    """Unit quaternions [N, 4]; a quaternion of zeros becomes no rotation."""
    length = np.linalg.norm(wxyz.astype(np.float64), axis=1, keepdims=True)
    identity = np.array([1, 0, 0, 0], np.float32)
    return np.where(length > 1e-12, wxyz / np.maximum(length, 1e-12), identity).astype(np.float32)


def read_offsets(archive: AvatarArchive) -> dict[str, np.ndarray]:
    """Raw columns of offset.ply (see read_splats)."""
    return read_splats(archive.read("offset.ply"), f"{archive.path}: offset.ply")


def read_clips(archive: AvatarArchive) -> dict[str, Clip]:
    """Head clips of animation.glb; none where the file is absent: a head without clips still talks."""
    if "animation.glb" not in archive.names:
        return {}
    return bake_clips(Glb(archive.read("animation.glb"), f"{archive.path}: animation.glb"))


def read_mesh(archive: AvatarArchive, splats: int | None = None) -> Mesh:
    """Positions, morphs and joints of skin.glb. splats: number of vertices of the mesh that is meant, of several."""
    glb = Glb(archive.read("skin.glb"), f"{archive.path}: skin.glb")
    try:
        mesh, primitive = _chosen(glb, splats)
        positions = glb.accessor(primitive["attributes"]["POSITION"]).astype(np.float32)
        if positions.shape[1] != 3:
            raise glb.error(f"its POSITION has {positions.shape[1]} numbers a vertex instead of 3")
        names, parts = _morphs(glb, mesh, primitive, len(positions))
        neck = read_neck(glb, primitive["attributes"], len(positions))
        placed = _placed(glb, mesh, positions, parts)
    except LOOKUP_ERRORS as error:
        raise glb.error(f"its mesh is damaged ({error!r})") from None
    return Mesh(placed[0], Morphs.from_parts(names, placed[1]), neck)


def _chosen(glb: Glb, splats: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The mesh and the primitive that the splats sit on: of those with as many vertices one with morphs, else any."""
    pairs = [(mesh, primitive) for mesh in glb.doc["meshes"] for primitive in mesh["primitives"]]
    fitting = [pair for pair in pairs if _vertices(glb, pair[1]) == splats] or pairs
    return next((pair for pair in fitting if pair[1].get("targets")), fitting[0])


def _vertices(glb: Glb, primitive: dict[str, Any]) -> int:
    return int(glb.doc["accessors"][primitive["attributes"]["POSITION"]]["count"])


def _morphs(glb: Glb, mesh: dict[str, Any], primitive: dict[str, Any], vertices: int) -> tuple[list[str], Parts]:
    targets = primitive.get("targets", [])
    extras = [owner.get("extras") for owner in (mesh, primitive)]
    listed = [e["targetNames"] for e in extras if isinstance(e, dict) and isinstance(e.get("targetNames"), list)]
    names = [str(name)[:100] for name in (listed or [[]])[0]]
    if len(names) != len(targets) or len(names) > MAX_MORPHS:
        raise glb.error(f"has {len(targets)} morphs and {len(names)} names in mesh.extras.targetNames "
                        f"(limit {MAX_MORPHS})")  # fmt: skip
    parts: Parts = []
    entries = 0
    for name, target in zip(names, targets, strict=True):
        indices, deltas = glb.sparse(target["POSITION"]) if "POSITION" in target else _NOTHING
        entries += len(indices)
        if deltas.shape[1] != 3 or (len(indices) and int(indices.max()) >= vertices):
            raise glb.error(f"morph {name} moves vertex {int(indices.max(initial=0))} of {vertices}")
        if entries > MAX_MORPH_ENTRIES:
            raise glb.error(f"its morphs move vertices more than {MAX_MORPH_ENTRIES} times")
        parts.append((indices, deltas))
    return names, parts


def _placed(glb: Glb, mesh: dict[str, Any], positions: F32, parts: Parts) -> tuple[F32, Parts]:
    """As the scene shows them: where nothing binds a mesh to joints, its node places it (glTF 2.0, section 3.7.3.3)."""
    nodes = glb.doc.get("nodes") or []
    number = glb.doc["meshes"].index(mesh)
    node = next((i for i, node in enumerate(nodes) if node.get("mesh") == number), None)
    if node is None or "skin" in nodes[node]:
        return positions, parts
    world = world_matrix(nodes, node)
    if np.array_equal(world, np.eye(4)):
        return positions, parts
    turn, move = world[:3, :3], world[:3, 3]
    return (positions @ turn.T + move).astype(np.float32), [(i, deltas @ turn.T) for i, deltas in parts]
