"""LAM avatars (.zip): the head's mesh gives positions and morphs, offset.ply the splats, animation.glb the clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import AvatarError
from .archive import AvatarArchive
from .clips import bake_clips
from .glb import Glb
from .model import F32, Avatar, Clip, Morphs, Neck
from .ply import read_splats
from .skin import read_neck

_LOOKUP_ERRORS = (KeyError, IndexError, TypeError, ValueError, np.linalg.LinAlgError)


def load_lam(path: Path) -> Avatar:
    """Load a LAM zip. Raises AvatarError with one line that names the part and the remedy."""
    with AvatarArchive(path) as archive:
        raw = read_offsets(archive)
        mesh = read_mesh(archive)
        clips = read_clips(archive)
    return assemble(path, raw, mesh, clips)


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
        name=path.stem,
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
    """Raise AvatarError where an array holds NaN or infinity."""
    for name, values in arrays.items():
        bad = values.size - int(np.isfinite(values).sum())
        if bad:
            raise AvatarError("avatar_not_finite", f"{path}: {part} holds {bad} values of {name} that are NaN or "
                                                   "infinite; export the avatar again")


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


def read_mesh(archive: AvatarArchive) -> Mesh:
    """Positions, morphs and joints of skin.glb."""
    glb = Glb(archive.read("skin.glb"), f"{archive.path}: skin.glb")
    try:
        mesh = _morphed_mesh(glb)
        primitive = mesh["primitives"][0]
        positions = glb.accessor(primitive["attributes"]["POSITION"]).astype(np.float32)
        targets = primitive.get("targets", [])
        names = mesh.get("extras", {}).get("targetNames", [])
        if len(names) != len(targets):
            raise glb.error(f"has {len(targets)} morphs and {len(names)} names in mesh.extras.targetNames")
        parts = [glb.sparse(target["POSITION"]) for target in targets]
        neck = read_neck(glb, primitive["attributes"], len(positions))
    except _LOOKUP_ERRORS as error:
        raise glb.error(f"its mesh is damaged ({error!r})") from None
    for name, (indices, _) in zip(names, parts, strict=True):
        if len(indices) and int(indices.max()) >= len(positions):
            raise glb.error(f"morph {name} moves vertex {int(indices.max())} of {len(positions)}")
    return Mesh(positions, Morphs.from_parts([str(name) for name in names], parts), neck)


def _morphed_mesh(glb: Glb) -> dict[str, Any]:
    meshes = glb.doc["meshes"]
    return next((m for m in meshes if m["primitives"][0].get("targets")), meshes[0])
