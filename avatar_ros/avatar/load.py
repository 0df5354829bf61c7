"""Loading any avatar file by what it is: a LAM zip, or a plain 3D Gaussian Splatting .ply."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.errors import AvatarError
from .archive import MAX_MEMBER_BYTES
from .clean import CleanSettings, clean
from .lam import check_finite, linear_scales, load_lam, normalise_quaternions, sigmoid
from .model import Avatar
from .ply import SH_DC, read_splats


def load_avatar(path: str | Path, cleaning: CleanSettings | None = None) -> Avatar:
    """Load an avatar (.zip of LAM's format, or .ply). Raises AvatarError with one clear line.

    cleaning: what to remove at load (CleanSettings() unless told otherwise).
    """
    path = Path(path)
    avatar = load_ply(path) if is_ply(path) else load_lam(path)
    return clean(avatar, cleaning or CleanSettings())


def is_ply(path: Path) -> bool:
    """Whether the file begins as a PLY. Raises AvatarError where it is absent, empty or unreadable."""
    if not path.is_file():
        raise AvatarError("avatar_not_found", f"{path}: no such file")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise AvatarError("avatar_unreadable", f"{path}: cannot be read ({error.strerror}); check its permissions") \
            from None
    if not magic:
        raise AvatarError("avatar_empty", f"{path}: the file is empty; copy it again")
    return magic.startswith(b"ply")


def load_ply(path: Path) -> Avatar:
    """A plain 3DGS file: no morphs, no clips; the head moves as a whole. Y up, face towards +Z is assumed."""
    if path.stat().st_size > MAX_MEMBER_BYTES:
        raise AvatarError("avatar_too_large", f"{path}: larger than {MAX_MEMBER_BYTES // 2**20} MiB")
    raw = read_splats(path.read_bytes(), str(path))
    if len(raw["xyz"]) == 0:
        raise AvatarError("avatar_empty", f"{path}: holds no splats; export it again")
    check_finite(path, "file", raw)
    return Avatar(
        name=path.stem,
        positions=raw["xyz"],
        scales=linear_scales(raw["scale"]),
        rotations=normalise_quaternions(raw["rot"]),
        colors=np.clip(0.5 + SH_DC * raw["f_dc"], 0.0, 1.0).astype(np.float32),
        opacities=sigmoid(raw["opacity"]),
    )
