"""The avatars that a page may show, as compact files named by their content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..avatar.load import BUILT_IN, avatar_file, load_avatar
from ..core.avatar_names import FIRST, known_avatars, name_of
from ..core.errors import ConfigError


@dataclass(frozen=True)
class AvatarFile:
    """data: as `to_binary` gives it; packed: the same, gzipped."""

    id: str
    name: str
    sha256: str
    data: bytes
    packed: bytes

    @property
    def url(self) -> str:
        return f"/avatar/{self.sha256}.bin"


class AvatarFiles:
    """Read once, at configure. The first is shown where a page asks for none."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self._files = files
        self._by_id: dict[str, AvatarFile] = {}
        self._by_hash: dict[str, AvatarFile] = {}

    def load(self) -> None:
        """Raises AvatarError, ConfigError naming the file that cannot be shown."""
        from .avatar_binary import to_binary

        read: set[Path] = set()
        for name in self._files:
            path = avatar_file(name)
            if path.resolve() in read or (name in known_avatars() and name in self._by_id):
                continue  # the user's own of that name is shown instead
            read.add(path.resolve())
            made = _packed(name_of(path), to_binary(load_avatar(path)))
            if made.id in self._by_id:
                raise ConfigError("avatar_twice", f"two avatars are called '{made.id}': {path}; rename one")
            self._by_id[made.id] = self._by_hash[made.sha256] = made

    def find(self, sha256: str) -> AvatarFile | None:
        """The one of that content."""
        return self._by_hash.get(sha256)

    def choose(self, name: str) -> dict[str, object]:
        """What a page is told of the one that it asks for, or of the first."""
        return _told(self._by_id.get(_id(name)) or next(iter(self._by_id.values())))

    def listed(self) -> list[dict[str, object]]:
        """What /avatars tells."""
        return [{**_told(one), "default": i == 0} for i, one in enumerate(self._by_id.values())]

    def file(self, name: str) -> str:
        """The file that `load_avatar` takes for an id, "" where it is none of ours."""
        if not name:
            return self._files[0]
        return next((file for file in self._files if name_of(avatar_file(file)) == _id(name)), "")


def _id(name: str) -> str:
    return FIRST if name == BUILT_IN else name


def _packed(name: str, data: bytes) -> AvatarFile:
    digest = hashlib.sha256(data).hexdigest()
    return AvatarFile(name, name.replace("_", " "), digest, data, gzip.compress(data, 9, mtime=0))


def _told(one: AvatarFile) -> dict[str, object]:
    return {"id": one.id, "name": one.name, "url": one.url, "bytes": len(one.data)}
