"""A helper process of ours, spoken to over its stdin and stdout.

For libraries whose licence or crashes must stay outside of ours, and for work beside this process's interpreter lock.
Messages both ways: kind (1 byte), length (uint32, little endian), payload.
"""

from __future__ import annotations

import logging
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
#: A helper that owes an answer, uses no processor for this long and does not wait for one either, hangs.
STILL_S = 3.0
#: Period of looking at a helper that is waited for, s; looks after which the wait is logged.
LOOK_S, _LOOKS_TO_TELL = 0.25, 20
_TICKS_HZ = os.sysconf("SC_CLK_TCK")
_LOG = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]


class HelperDeadError(Exception):
    """The helper crashed or hangs."""


class HelperSilentError(HelperDeadError):
    """The helper lives, but gave no answer in time: it hangs, or the host is slow."""


class Helper:
    """`python -m module`, and its pipes. After a HelperDeadError the caller closes it.

    A slow host is no reason to give up a helper, so a limit is not one of the clock: it is reached by a helper that has
    used so much of the processor's time, or stands still (STILL_S, or the limit where that is less).
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._used_s = 0.0
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
        """One message. Raises HelperDeadError where it is not taken (timeout_s as the class says)."""
        assert self.process.stdin is not None
        left = memoryview(pack(kind, payload))
        try:
            descriptor = self.process.stdin.fileno()
            while left:
                self._wait([], [descriptor], timeout_s, "it takes nothing")
                left = left[os.write(descriptor, left) :]
        except (OSError, ValueError) as error:
            raise HelperDeadError("its pipe is closed") from error

    @property
    def answered(self) -> bool:
        """Whether `receive` has something to read now, be it only the end."""
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0.0)[0])

    @property
    def at_work(self) -> bool:
        """Whether it has used the processor since this was last asked, or waits for it or for a disk."""
        before, (self._used_s, waits) = self._used_s, self._usage()
        return waits or self._used_s > before

    def receive(self, timeout_s: float, *, patiently: bool = True) -> tuple[bytes, bytes]:
        """(kind, payload) of the next message. Raises HelperDeadError where nothing comes for `timeout_s`: as the class
        says, or, not patiently, by the clock.
        """
        kind, length = _HEADER.unpack(self._read(_HEADER.size, timeout_s, patiently))
        return kind, self._read(length, timeout_s, patiently)

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

    def _read(self, count: int, timeout_s: float, patiently: bool) -> bytes:
        assert self.process.stdout is not None
        descriptor, out = self.process.stdout.fileno(), bytearray()
        while len(out) < count:
            if patiently:
                self._wait([descriptor], [], timeout_s, "no reply")
            elif not select.select([descriptor], [], [], timeout_s)[0]:
                raise HelperSilentError(f"no reply within {timeout_s} s")
            piece = os.read(descriptor, count - len(out))
            if not piece:
                raise HelperDeadError("it ended")
            out += piece
        return bytes(out)

    def _wait(self, read: list[int], write: list[int], timeout_s: float, what: str) -> None:
        """Until a pipe is ready. Looks are counted, not time: of a process that was stopped as well as its helper, and
        goes on, nothing stood still.
        """
        look_s = min(LOOK_S, timeout_s)
        began_s, still_s, looks = self._usage()[0], 0.0, 0
        while not any(select.select(read, write, [], look_s)[:2]):
            looks += 1
            still_s = 0.0 if self.at_work else still_s + look_s
            if still_s >= min(timeout_s, STILL_S):
                raise HelperSilentError(f"{what}, and it stands still")
            if self._used_s - began_s >= timeout_s:
                raise HelperSilentError(f"{what} after {timeout_s} s of work")
            if looks % _LOOKS_TO_TELL == 0:
                _LOG.warning("still waits for %s, which is slow but at work", self._module)

    def _usage(self) -> tuple[float, bool]:
        """(processor time it has used, s; whether it waits for the processor or a disk)."""
        try:
            state, *numbers = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended, which its pipe will say
            return self._used_s, False
        return (int(numbers[10]) + int(numbers[11])) / _TICKS_HZ, state in "RD"


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
