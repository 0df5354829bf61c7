"""The log's file: its user's alone, cut by size and by day, gone after a time. A kiosk runs for months untended."""

from __future__ import annotations

import logging.handlers
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.private import open_private, private_folder
from ..core.tidy import DAY_S, tidy

LOG_FILE_BYTES = 10 * 1024 * 1024
#: Logs of all runs go when nothing was written to them for so long, or when they are more than this together.
LOG_DAYS = 14.0
LOG_TOTAL_BYTES = 100 * 1024 * 1024
_OURS = re.compile(r"avatar_ros-\d{8}-\d{6}-(\d+)\.log(\.\d+)?")


class LogFile(logging.handlers.RotatingFileHandler):
    """A file of this run in `folder`, which is made where it is missing. Raises OSError."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        private_folder(folder)
        self._now = now
        self._begun_s = now()
        self.path = folder / f"avatar_ros-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        pieces = LOG_TOTAL_BYTES // LOG_FILE_BYTES - 1
        super().__init__(self.path, maxBytes=LOG_FILE_BYTES, backupCount=pieces, encoding="utf-8")
        self._tidy()

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 — logging's name
        """Whether the file is full, or of yesterday: a line must not stay because later ones share its file."""
        return self._now() - self._begun_s >= DAY_S or bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802
        """Begin the next file."""
        super().doRollover()
        self._begun_s = self._now()
        self._tidy()

    def _open(self) -> Any:
        return open_private(Path(self.baseFilename), append=True)

    def _tidy(self) -> None:
        running = (path for path in self.path.parent.glob("avatar_ros-*.log") if _is_written(path))
        keep = (self.path, *running)
        tidy(self.path.parent, _OURS, days=LOG_DAYS, total_bytes=LOG_TOTAL_BYTES, unix_s=self._now(), keep=keep)


def _is_written(path: Path) -> bool:
    """Whether the run that named it may still write to it."""
    found = _OURS.fullmatch(path.name)
    return found is not None and Path(f"/proc/{found[1]}").exists()
