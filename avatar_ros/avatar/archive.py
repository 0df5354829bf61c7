"""Reading members of an avatar zip without trusting it: size limits, safe paths, every fault in one clear line."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path, PurePosixPath
from types import TracebackType

from ..core.errors import AvatarError
from ..core.loading import boundary
from .avatar_limits import MAX_DIRECTORY_BYTES, MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_TOTAL_BYTES

_MADE_BY = "an avatar zip is made by LAM or ./avatar"
#: A member that tells what the zip is instead -> what to do.
_OTHERS = (
    (".zip", "the avatar is in the zip within: unpack this one, and give that"),
    ("meta.json", "if it is a SOG file of SuperSplat: export it there as .ply or .spz"),
    (".gltf", "export the mesh as binary .glb"),
    ("offset.ply", "offset.ply alone holds distances from skin.glb's vertices: pack both, as LAM made them"),
)
_ENCRYPTED = 1


class AvatarArchive:
    """An opened avatar zip. Members are named by their last part; macOS leftovers are ignored."""

    def __init__(self, path: Path, *, max_member_bytes: int = MAX_MEMBER_BYTES,
                 max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.path = path
        self._max_member_bytes = max_member_bytes
        if not path.exists():
            raise AvatarError("avatar_not_found", f"{path}: no such file")
        with boundary(f"{path}: as a zip it", AvatarError, "avatar_not_zip", "copy it again"):
            if _directory_bytes(path) > MAX_DIRECTORY_BYTES:
                raise self._error("avatar_too_large", f"holds more files than any avatar (limit {MAX_MEMBERS})")
            self._zip = zipfile.ZipFile(path)
        try:
            self._members = self._index(max_total_bytes)
        except AvatarError:
            self._zip.close()
            raise

    def _index(self, max_total_bytes: int) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise self._error("avatar_too_large", f"holds {len(infos)} files (limit {MAX_MEMBERS})")
        for info in infos:
            self._check(info)
        total = sum(info.file_size for info in infos)
        if total > max_total_bytes:
            raise self._error("avatar_too_large", f"unpacks to {total / 2**20:.0f} MiB "
                                                  f"(limit {max_total_bytes / 2**20:.0f}); a zip bomb?")
        members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            place = info.filename.replace("\\", "/")  # zips of Windows PowerShell and .NET
            name = PurePosixPath(place).name
            if place.endswith("/") or "__MACOSX" in place or name.startswith("."):
                continue
            if name in members:
                raise self._error("avatar_ambiguous", f"holds {name} twice ({members[name].filename}, "
                                                      f"{info.filename}); keep one avatar a zip")
            members[name] = info
        return members

    def _check(self, info: zipfile.ZipInfo) -> None:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or info.filename[1:2] == ":":
            raise self._error("avatar_unsafe_path", f"holds the unsafe path '{info.filename}'; do not use this file")
        if info.file_size > self._max_member_bytes:
            raise self._error("avatar_too_large", f"{path.name} unpacks to {info.file_size / 2**20:.0f} MiB "
                                                  f"(limit {self._max_member_bytes / 2**20:.0f}); a zip bomb?")

    def _error(self, code: str, text: str) -> AvatarError:
        return AvatarError(code, f"{self.path}: {text}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def read(self, name: str) -> bytes:
        """One member, whole. Raises AvatarError where it is missing, damaged or larger than it claims."""
        if name not in self._members:
            hints = (hint for end, hint in _OTHERS if any(have.endswith(end) for have in self.names))
            raise self._error("avatar_missing_part", f"{name} is missing (found: {self._listing()}); "
                                                     f"{next(hints, _MADE_BY)}")  # fmt: skip
        info = self._members[name]
        if info.flag_bits & _ENCRYPTED:
            raise self._error("avatar_encrypted", f"{name} is encrypted; pack the avatar without a password")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise self._error("avatar_unsafe_path", f"{name} is a link and no file; pack the avatar's own files")
        with boundary(f"{self.path}: {name}", AvatarError, "avatar_damaged", "copy the file again"), \
                self._zip.open(info) as member:  # fmt: skip
            data = member.read(self._max_member_bytes + 1)
        if len(data) > self._max_member_bytes:
            raise self._error("avatar_too_large", f"{name} unpacks to more than it claims; a zip bomb?")
        return data

    def _listing(self) -> str:
        return ", ".join(self.names[:8]) + (" …" if len(self.names) > 8 else "") or "nothing"

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> AvatarArchive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def _directory_bytes(path: Path) -> int:
    """How long the zip's list of members says it is: zipfile takes all of it into memory before it can be counted."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - 65600))
        end = file.read(65600)
    at, large = end.rfind(b"PK\5\6"), end.rfind(b"PK\6\6")
    if 0 <= large <= len(end) - 56:
        return int(struct.unpack_from("<Q", end, large + 40)[0])
    return int(struct.unpack_from("<I", end, at + 12)[0]) if 0 <= at <= len(end) - 22 else 0
