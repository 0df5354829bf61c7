"""Loading any avatar file by what it is: a LAM zip, or a file of Gaussian splats (.ply, .spz, .splat)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..core.avatar_card import AvatarCard, entries_of, read_card
from ..core.avatar_names import BUILT_IN, avatar_file, name_of
from ..core.avatar_voices import avatar_voices
from ..core.errors import AvatarError
from ..core.loading import boundary
from .avatar_limits import MAX_MEMBER_BYTES, SH_DC
from .axes import Y_UP, turned
from .clean import CleanSettings, clean
from .lam_format import check_finite, linear_scales, load_lam, normalise_quaternions, sigmoid
from .light import Light, lit
from .model import Avatar
from .packed import Raw, read_splat, read_spz
from .ply import read_splats

LAM = "LAM zip"
#: Kind -> what reads its splats.
_READERS: dict[str, Callable[[bytes, str], Raw]] = {
    "3DGS .ply": read_splats,
    ".spz file": read_spz,
    ".splat file": read_splat,
}
_BEGINNINGS = ((b"ply", "3DGS .ply"), (b"\x1f\x8b", ".spz file"), (b"PK", LAM))
#: What is no avatar -> what to do.
_OTHERS = (
    (b"glTF", "a .glb is a mesh alone: give the zip that LAM made, with offset.ply in it"),
    (b"Rar!", "pack it as .zip"),
    (b"7z\xbc\xaf", "pack it as .zip"),
)
_EXPECTED = "give a LAM .zip, or splats as .ply, .spz or .splat"
#: LAM's offsets from a vertex end here; half of them are a tenth of it.
_LONGEST_OFFSET_M, _USUAL_OFFSET_M = 0.11, 0.03


def load_avatar(path: str | Path, cleaning: CleanSettings | None = None, axes: str = Y_UP) -> Avatar:
    """Load an avatar: a LAM zip, or splats as .ply (SuperSplat's compressed ones too), .spz or .splat.

    cleaning: what to remove at load (CleanSettings() unless told otherwise); axes: what is up in a file of splats
    alone (see AXES). What the avatar's card says of view, light and weights is done (core/avatar_card.py).
    Raises AvatarError with one clear line.
    """
    import yaml

    path = Path(path)
    with boundary(path, AvatarError, "avatar_unreadable", _EXPECTED), np.errstate(over="ignore", invalid="ignore"):
        kind = kind_of(path)
        avatar = load_lam(path) if kind == LAM else load_splats(path, kind, axes)
        avatar = clean(avatar, cleaning or CleanSettings())
    return fitted(avatar, read_card(yaml, path))


def fitted(avatar: Avatar, card: AvatarCard) -> Avatar:
    """The avatar with the view, the light and the factors of weights that its card asks for."""
    morphs = avatar.morphs
    if card.weights:
        factors = np.array([card.weights.get(name, 1.0) for name in morphs.names], np.float32)
        deltas = morphs.deltas * np.repeat(factors, np.diff(morphs.offsets))[:, None]
        morphs = replace(morphs, deltas=deltas)
    colors = lit(avatar.colors, Light(**card.light))
    suits = replace(avatar, locale=card.locale, voices=avatar_voices(entries_of(card.voices)))
    return replace(suits, morphs=morphs, colors=colors, zoom=card.zoom, up_m=card.up_m)


def kind_of(path: Path) -> str:
    """LAM, or which kind of splats the file holds. Raises AvatarError where it is absent or something else."""
    if not path.exists():
        raise AvatarError("avatar_not_found", f"{path}: no such file")
    if not path.is_file():
        raise AvatarError("avatar_not_file", f"{path} is no file; {_EXPECTED}")
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise AvatarError("avatar_empty", f"{path}: the file is empty; copy it again")
    for start, remedy in _OTHERS:
        if head.startswith(start):
            raise AvatarError("avatar_other_kind", f"{path} is no avatar: {remedy}")
    kind = next((kind for start, kind in _BEGINNINGS if head.startswith(start)), None)
    if kind is None and path.suffix.lower() == ".splat":
        return ".splat file"
    if kind is None and not zipfile.is_zipfile(path):  # a zip may begin with a program that unpacks it
        raise AvatarError("avatar_not_zip", f"{path} is no avatar, or damaged: {_EXPECTED}")
    return kind or LAM


def load_splats(path: Path, kind: str, axes: str = Y_UP) -> Avatar:
    """Splats alone: no morphs, no clips; the head moves as a whole. The face must look towards +Z once Y is up."""
    if path.stat().st_size > MAX_MEMBER_BYTES:
        raise AvatarError("avatar_too_large", f"{path}: larger than {MAX_MEMBER_BYTES // 2**20} MiB")
    raw = _READERS[kind](path.read_bytes(), str(path))
    if len(raw["xyz"]) == 0:
        raise AvatarError("avatar_empty", f"{path}: holds no splats; export it again")
    check_finite(path, "file", raw)
    if _are_offsets(raw):
        raise AvatarError("avatar_offset_only", f"{path} is LAM's offset.ply, which holds distances from the vertices "
                                                "of skin.glb: give the zip that LAM made, with both in it")  # fmt: skip
    return turned(
        Avatar(
            name=name_of(path),
            positions=raw["xyz"],
            scales=linear_scales(raw["scale"]),
            rotations=normalise_quaternions(raw["rot"]),
            colors=np.clip(0.5 + SH_DC * raw["f_dc"], 0.0, 1.0).astype(np.float32),
            opacities=sigmoid(raw["opacity"]),
        ),
        axes,
    )


def _are_offsets(raw: Raw) -> bool:
    """Whether splats lie about the origin as LAM's offsets do, with colours that are plain RGB."""
    far = np.abs(raw["xyz"])
    plain = raw["f_dc"].min() >= 0 and raw["f_dc"].max() <= 1
    return bool(plain and far.max() <= _LONGEST_OFFSET_M and np.median(far) <= _USUAL_OFFSET_M)


__all__ = ["BUILT_IN", "LAM", "avatar_file", "fitted", "kind_of", "load_avatar", "load_splats"]
