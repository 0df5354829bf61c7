"""A recording that goes on for days: cut into pieces by size, of which the old ones go.

The user's own file, NAME.mp4, is the first piece and stays. The further ones are named by us, NAME-date-time.mp4, and
are ours to delete, those of earlier runs too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..core.file_retention import delete_old_files

_LOOK_S = 1.0


class Pieces:
    """Pure but for the files: told the time. path: the user's file; piece_bytes: where it ends and the next begins."""

    def __init__(self, path: Path, piece_bytes: int, keep_days: float, keep_bytes: int) -> None:
        self._path = path
        self._piece_bytes = piece_bytes
        self._keep_days = keep_days
        self._keep_bytes = keep_bytes
        self._looked_s = float("-inf")

    def is_full(self, current: Path, now_s: float) -> bool:
        """Whether `current` is long enough; looks once a second."""
        if now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        with suppress(OSError):
            return current.stat().st_size >= self._piece_bytes
        return False

    def next(self, unix_s: float) -> Path:
        """The file of the piece that begins now."""
        while True:
            stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(unix_s))
            path = self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}")
            if not path.exists():
                return path
            unix_s += 1.0

    def delete_old(self, unix_s: float, keep: Iterable[Path]) -> list[Path]:
        """Delete pieces of ours that are too old or too much; those that went."""
        ours = re.compile(rf"{re.escape(self._path.stem)}-\d{{8}}-\d{{6}}{re.escape(self._path.suffix)}")
        limits = {"days": self._keep_days, "total_bytes": self._keep_bytes}
        return delete_old_files(self._path.parent, ours, unix_s=unix_s, keep=keep, **limits)
