"""Avatars by name: those that ship with the package, and the user's own."""

from __future__ import annotations

from pathlib import Path

from .errors import ConfigError
from .parameter_file import nearest
from .paths import share_file, user_data_folder

#: Parameters and arguments call the avatar that is shown unless another is named so.
BUILT_IN = "builtin"
#: The name of that one.
FIRST = "ada"
#: What may be up in a file of splats alone (avatar/axes.py turns it).
AXES = ("y_up", "y_down", "z_up", "z_down")
ENDINGS = (".zip", ".ply", ".spz", ".splat")


def known_avatars() -> dict[str, Path]:
    """Name -> file: those that ship with the package, then the user's own in avatars/ of the data folder."""
    found = {FIRST: share_file("models/avatar.zip")}
    own = user_data_folder() / "avatars"
    for folder in (found[FIRST].parent / "avatars", own):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in ENDINGS and path.is_file():
                found.setdefault(path.stem, path)
    return found


def name_of(file: Path) -> str:
    """What the avatar of a file is called."""
    return FIRST if file == share_file("models/avatar.zip") else file.stem


def avatar_file(name: str) -> Path:
    """The file of an avatar: BUILT_IN and names of `known_avatars`, else `name` as a path.

    Raises ConfigError for a bare word that is neither.
    """
    if name in ("", BUILT_IN, FIRST):
        return share_file("models/avatar.zip")
    path = Path(name)
    if path.name != name or path.suffix or path.exists():
        return path
    known = known_avatars()
    if name in known:
        return known[name]
    near = nearest(name, list(known))
    raise ConfigError("avatar_not_found", f"no avatar is called '{name}', and there is no such file; "
                                          f"known: {', '.join(known)}{near}")  # fmt: skip
