"""A helper process of ours, spoken to over its stdin and stdout.

For libraries whose licence or crashes must stay outside of ours, and for work beside this process's interpreter lock.
Messages both ways: kind (1 byte), length (uint32, little endian), payload.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .environment import needed
from .private import keep_private

_HEADER = struct.Struct("<cI")
#: A pipe holds 64 KiB: what is longer waits for a helper that reads.
SEND_TIMEOUT_S = 10.0
_ROOT = Path(__file__).resolve().parents[2]


class HelperDeadError(Exception):
    """The helper crashed or hangs."""


class Helper:
    """`python -m module`, and its pipes. Whoever gets a HelperDeadError closes it."""

    def __init__(self, module: str) -> None:
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**needed(), "PYTHONPATH": path},
            bufsize=0,
        )
        assert self.process.stdin is not None
        os.set_blocking(self.process.stdin.fileno(), False)

    def send(self, kind: bytes, payload: bytes = b"", timeout_s: float = SEND_TIMEOUT_S) -> None:
        """One message. Raises HelperDeadError where it is not taken within `timeout_s`."""
        assert self.process.stdin is not None
        left = memoryview(pack(kind, payload))
        try:
            descriptor = self.process.stdin.fileno()
            while left:
                if not select.select([], [descriptor], [], timeout_s)[1]:
                    raise HelperDeadError(f"it takes nothing for {timeout_s} s")
                left = left[os.write(descriptor, left) :]
        except (OSError, ValueError) as error:
            raise HelperDeadError("its pipe is closed") from error

    @property
    def answered(self) -> bool:
        """Whether `receive` has something to read now, be it only the end."""
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0.0)[0])

    def receive(self, timeout_s: float) -> tuple[bytes, bytes]:
        """(kind, payload) of the next message. Raises HelperDeadError where nothing comes for `timeout_s`."""
        kind, length = _HEADER.unpack(self._read(_HEADER.size, timeout_s))
        return kind, self._read(length, timeout_s)

    def close(self, patience_s: float = 0.5) -> None:
        """End the process: it leaves when its stdin closes, or is made to."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # it died with our last words unread
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read(self, count: int, timeout_s: float) -> bytes:
        assert self.process.stdout is not None
        descriptor, out = self.process.stdout.fileno(), bytearray()
        while len(out) < count:
            if not select.select([descriptor], [], [], timeout_s)[0]:
                raise HelperDeadError(f"no reply within {timeout_s} s")
            piece = os.read(descriptor, count - len(out))
            if not piece:
                raise HelperDeadError("it ended")
            out += piece
        return bytes(out)


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """One message."""
    return _HEADER.pack(kind, len(payload)) + payload


def receive(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Read one message; None at the end of the stream."""
    head = stream.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    kind, length = _HEADER.unpack(head)
    payload = stream.read(length)
    return (kind, payload) if len(payload) == length else None


def run_helper(serve: Callable[[BinaryIO, BinaryIO], None]) -> int:
    """In the helper: serve(requests, replies) on stdin and stdout until the other side is gone; the exit code."""
    keep_private()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business: it closes our stdin
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the replies
    try:
        serve(sys.stdin.buffer, replies)
    except BrokenPipeError:
        return 0
    return 0
