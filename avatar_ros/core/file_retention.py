"""Files that we named ourselves go when they are too old, or too much."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

DAY_S = 86400.0


def delete_old_files(
    folder: Path, names: re.Pattern[str], *, days: float, total_bytes: float, unix_s: float, keep: Iterable[Path] = ()
) -> list[Path]:
    """Delete files of `folder` whose whole name matches `names`: those not written for `days`, and the oldest of those
    that together exceed `total_bytes`. What stands in `keep` counts and stays. The files that went.
    """
    found = sorted(_files(folder, names), reverse=True)
    kept, gone, total = {*keep}, [], 0
    for written_s, size, path in found:
        total += size
        if path not in kept and (unix_s - written_s > days * DAY_S or total > total_bytes):
            with suppress(OSError):
                path.unlink()
                gone.append(path)
                total -= size
    return gone


def _files(folder: Path, names: re.Pattern[str]) -> Iterable[tuple[float, int, Path]]:
    with suppress(OSError):
        for path in folder.iterdir():
            if names.fullmatch(path.name):
                with suppress(OSError):
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        yield status.st_mtime, status.st_size, path
