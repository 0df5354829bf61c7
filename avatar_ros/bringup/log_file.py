"""The log's file: its user's alone, cut by size and by day, gone after a time. A kiosk runs for months untended."""

from __future__ import annotations

import contextlib
import logging.handlers
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ..core.file_retention import DAY_S, delete_old_files
from ..core.private import open_private, private_folder

LOG_FILE_BYTES = 10 * 1024 * 1024
#: Logs of all runs are deleted this many days after their last line, or when they are larger than this together.
LOG_DAYS = 14.0
LOG_TOTAL_BYTES = 100 * 1024 * 1024
_OURS = re.compile(r"avatar_ros-\d{8}-\d{6}-(\d+)\.log(\.\d+)?")


class LogFile(logging.handlers.RotatingFileHandler):
    """A file of this run in `folder`, which is made where it is missing. Raises OSError.

    What a full disk does not take is lost; that it was is told once, and again after it has taken something.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None], now: Callable[[], float] = time.time) -> None:
        private_folder(folder)
        self._tell = tell
        self._lost = 0
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

    def emit(self, record: logging.LogRecord) -> None:
        """Write, or count as lost."""
        lost = self._lost
        super().emit(record)
        if lost and self._lost == lost:
            self._lost = 0
            self._tell(f"the log file is written again; {lost} lines are missing from it")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's own name
        """Called by logging while it handles what `emit` met."""
        self._lost += 1
        if self.stream is not None:
            drop_pending(self.stream)
        if self._lost == 1:
            self._tell(f"log lines are lost: {sys.exc_info()[1]}")

    def close(self) -> None:
        """Finish, whatever the disk says."""
        with contextlib.suppress(OSError):
            super().close()

    def _open(self) -> Any:
        return open_private(Path(self.baseFilename), append=True)

    def _tidy(self) -> None:
        running = (path for path in self.path.parent.glob("avatar_ros-*.log") if _is_written(path))
        keep = (self.path, *running)
        limits = {"days": LOG_DAYS, "total_bytes": LOG_TOTAL_BYTES}
        delete_old_files(self.path.parent, _OURS, unix_s=self._now(), keep=keep, **limits)


def _is_written(path: Path) -> bool:
    """Whether the run that named it may still write to it."""
    found = _OURS.fullmatch(path.name)
    return found is not None and Path(f"/proc/{found[1]}").exists()


def drop_pending(stream: TextIO, *, for_good: bool = False) -> None:
    """What it still holds (and what comes) goes nowhere, or it would fail again at each flush, at the exit at last."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        kept = os.dup(stream.fileno())
        try:
            os.dup2(nowhere.fileno(), stream.fileno())
            stream.flush()
            if not for_good:
                os.dup2(kept, stream.fileno())
        finally:
            os.close(kept)
