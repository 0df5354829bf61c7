"""Files that hold what visitors said, and their folders: for this user's eyes only, whatever the umask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from .outputs import whole_file

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def keep_private() -> None:
    """From now on whatever this process makes is its user's alone, what libraries make too."""
    os.umask(0o077)


def private_folder(folder: Path) -> None:
    """Make it, and what is missing above it, 0700. One that is there already keeps its mode. Raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(FOLDER_MODE, exist_ok=True)
        path.chmod(FOLDER_MODE)  # a umask may have taken bits of ours


def private_file(path: Path) -> None:
    """Have an empty file 0600 at `path`, or make the one that is there 0600, before a library writes to it.

    Raises OSError. What is no ordinary file (/dev/stdout, a pipe) stays as it is.
    """
    os.close(_open(path, os.O_WRONLY | os.O_CREAT))


def open_private(path: Path, *, append: bool = False) -> IO[str]:
    """A text file 0600 to write. Raises OSError."""
    how = os.O_APPEND if append else os.O_TRUNC
    return os.fdopen(_open(path, os.O_WRONLY | os.O_CREAT | how), "a" if append else "w", encoding="utf-8")


def write_private(path: Path, text: str) -> None:
    """Write it, 0600, whole or not at all. Raises OSError."""
    with whole_file(path) as part, open_private(part) as file:
        file.write(text)


def _open(path: Path, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, FILE_MODE)
    status = os.fstat(descriptor)
    # Of another owner: ours to write, not to change.
    if os.path.isfile(path) and status.st_uid in (os.geteuid(), 0) and status.st_mode & 0o777 != FILE_MODE:
        os.fchmod(descriptor, FILE_MODE)
    os.set_blocking(descriptor, True)
    return descriptor
