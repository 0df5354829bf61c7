"""Files that a command writes: what stands against them is named before minutes of work, and none is left half done."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import ConfigError


def check_output(option: str, path: str, inputs: Iterable[str] = (), endings: Sequence[str] = ()) -> None:
    """Raises ConfigError where no file can be written at `path`, or where it would replace one of `inputs`.

    option: what the user knows it by ("--report"); endings: what its name may end in, any for none.
    """
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise ConfigError("file_missing", f"{option} is {path}, but the folder {target.parent} does not exist")
    if target.is_dir():
        raise ConfigError("bad_option", f"{option} is {path}, which is a folder; name a file in it")
    _check_writable(option, path, target if target.exists() else target.parent)
    if endings and target.suffix.lower() not in endings:
        raise ConfigError("bad_option", f"{option} is {path}; its name must end in {' or '.join(endings)}")
    if any(same_file(path, given) for given in inputs):
        raise ConfigError("bad_option", f"{option} is {path}, which is in use for something else; give it another name")


def check_folder(option: str, path: str) -> None:
    """Raises ConfigError where files cannot be written into a folder `path`; it may still be missing."""
    if os.path.lexists(path) and not Path(path).is_dir():
        raise ConfigError("bad_option", f"{option} is {path}, which is no folder; give another name")
    there = next(folder for folder in (Path(path).absolute(), *Path(path).absolute().parents) if folder.exists())
    _check_writable(option, path, there)


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """A name beside `path` to write to, which takes its place once all is written; else `path` stays as it was.

    Where no file can take its place (a pipe, /dev/stdout, a file in a folder that is not ours) it is `path` itself.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.part{target.suffix}")
    if (target.exists() and not target.is_file()) or not os.access(target.parent, os.W_OK):
        yield Path(path)
        return
    try:
        _make_like(part, target)
        yield part
        _replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path | str, data: bytes | str) -> None:
    """Write it whole, or leave what was there. Raises OSError."""
    with whole_file(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def _make_like(part: Path, target: Path) -> None:
    """An empty file that may be read by whom the old one may be, or by whom the umask says."""
    part.touch()
    if target.exists():
        part.chmod(stat.S_IMODE(target.stat().st_mode))


def _replace(part: Path, target: Path) -> None:
    try:
        os.replace(part, target)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV, errno.EPERM):
            raise
        target.write_bytes(part.read_bytes())  # mounted on its own, as containers do, or another's in a shared folder


def _check_writable(option: str, path: str, where: Path) -> None:
    if not os.access(where, os.W_OK):
        why = f"{where} cannot be written by this user, or lies on a read-only disk"
        raise ConfigError("not_writable", f"{option} is {path}, but {why}; name another place")


def same_file(one: str, other: str) -> bool:
    """Whether both names lead to one file, there or not; two that are no ordinary files (/dev/null) may be one."""
    if os.path.exists(one) and os.path.exists(other):
        return os.path.samefile(one, other) and os.path.isfile(one)
    return bool(one and other) and os.path.realpath(one) == os.path.realpath(other)
