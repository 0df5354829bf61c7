"""One log of many processes: each line with its node's name, on the terminal and in a file of bounded size."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from ..core.terminal import printable
from .log_file import LogFile, drop_pending

LONGEST_LINE_BYTES = 64 * 1024
#: A stream that fails so may be written again later.
_PASSES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN, errno.ENOMEM)
_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class LineSplitter:
    """Bytes of a pipe in, whole lines out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes; a line without end is cut at LONGEST_LINE_BYTES."""
        *whole, self._rest = (self._rest + data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")).split(b"\n")
        while len(self._rest) > LONGEST_LINE_BYTES:
            whole.append(self._rest[:LONGEST_LINE_BYTES])
            self._rest = self._rest[LONGEST_LINE_BYTES:]
        return [_text(line) for line in whole if line.strip()]

    def close(self) -> list[str]:
        """The last line, where the pipe ended without a newline."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest.strip() else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip()


def log_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where ROS puts its logs: ROS_LOG_DIR, else ROS_HOME/log, else ~/.ros/log."""
    if folder := env.get("ROS_LOG_DIR", ""):
        return Path(folder).expanduser()
    return Path(env.get("ROS_HOME") or "~/.ros").expanduser() / "log"


class RunLog:
    """Writes "[node] text" to a stream, with a colour per node on a terminal, and with the time to a file."""

    def __init__(self, stream: TextIO = sys.stdout, folder: Path | None = None) -> None:
        self._stream: TextIO | None = stream
        self._colour = stream.isatty() and not os.environ.get("NO_COLOR")
        self._colour_by_name: dict[str, int] = {}
        self.path: Path | None = None
        self._file: logging.Logger | None = None
        if folder is not None:
            self._file = self._open(folder)

    def write(self, name: str, text: str) -> None:
        """One line of the node `name`."""
        text = printable(text)
        self._show(f"{self._prefix(name)} {text}")
        if self._file is not None:
            self._file.info("[%s] %s", name, text)

    def close(self) -> None:
        """Finish the file."""
        for handler in self._file.handlers if self._file is not None else ():
            handler.close()

    def _show(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except OSError as error:
            gone = error.errno not in _PASSES
            drop_pending(self._stream, for_good=gone)
            self._stream = None if gone else self._stream  # the kiosk and its log file go on without a reader
        except ValueError:
            self._stream = None

    def _prefix(self, name: str) -> str:
        if not self._colour:
            return f"[{name}]"
        colour = self._colour_by_name.setdefault(name, _COLOURS[len(self._colour_by_name) % len(_COLOURS)])
        return f"\x1b[{colour}m[{name}]\x1b[0m"

    def _open(self, folder: Path) -> logging.Logger | None:
        try:
            handler = LogFile(folder, lambda text: self._show(f"{self._prefix('kiosk')} {text}"))
        except OSError as error:
            self.write("kiosk", f"no log file: {error}")
            return None
        handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger = logging.Logger(f"avatar_ros.run.{os.getpid()}")
        logger.addHandler(handler)
        self.path = handler.path
        return logger
