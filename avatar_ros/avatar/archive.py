"""Reading members of an avatar zip without trusting it: size limits, safe paths, every fault in one clear line."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType

from ..core.errors import AvatarError

MAX_MEMBER_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 512 * 2**20
MAX_MEMBERS = 1000
_READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class AvatarArchive:
    """An opened avatar zip. Members are named by their last part; macOS leftovers are ignored."""

    def __init__(self, path: Path, *, max_member_bytes: int = MAX_MEMBER_BYTES,
                 max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.path = path
        self._max_member_bytes = max_member_bytes
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise AvatarError("avatar_not_found", f"{path}: no such file") from None
        except _READ_ERRORS as error:
            raise AvatarError("avatar_not_zip", f"{path}: not a readable zip ({error}); copy it again") from None
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
            name = PurePosixPath(info.filename).name
            if info.is_dir() or "__MACOSX" in info.filename or name.startswith("."):
                continue
            if name in members:
                raise self._error("avatar_ambiguous", f"holds {name} twice ({members[name].filename}, "
                                                      f"{info.filename}); keep one avatar a zip")
            members[name] = info
        return members

    def _check(self, info: zipfile.ZipInfo) -> None:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0:1]:
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
            raise self._error("avatar_missing_part", f"{name} is missing (found: {', '.join(self.names) or 'nothing'});"
                                                     " an avatar zip is made by LAM or ./avatar")
        try:
            with self._zip.open(self._members[name]) as member:
                data = member.read(self._max_member_bytes + 1)
        except _READ_ERRORS as error:
            raise self._error("avatar_damaged", f"{name} cannot be unpacked ({error}); copy the file again") from None
        if len(data) > self._max_member_bytes:
            raise self._error("avatar_too_large", f"{name} unpacks to more than it claims; a zip bomb?")
        return data

    def close(self) -> None:
        self._zip.close()

    def __enter__(self) -> AvatarArchive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
