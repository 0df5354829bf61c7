"""A process whose output is kept, and that ends with the tests that began it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

STOP_S = 60.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_parent() -> None:
    """A test run that is killed takes its processes with it; they would go on for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


class LoggedProcess:
    """Runs a command in a session of its own; ended with Ctrl-C by `close`, or at the end of a `with`.

    env: all of its environment; cwd: where it runs, here if None; lines: what it has written so far.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 — one system call, no lock is taken
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def until(self, text: str, since: int = 0, timeout_s: float = 120.0) -> str:
        """The first line after `since` lines that has `text`, once it is written. Raises AssertionError."""
        end_s = time.monotonic() + timeout_s
        while not (found := [line for line in self.lines[since:] if text in line]):
            assert time.monotonic() < end_s and self.alive, f"no {text!r} in {self.lines[since:]}"
            time.sleep(0.05)
        return found[0]

    def wait(self, timeout_s: float = 300.0) -> int:
        """Its exit code, once it leaves by itself. Raises AssertionError with its log where it does not."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not leave within {timeout_s} s:\n{self.log}") from None
        self._reader.join(STOP_S)
        return code

    def close(self) -> int:
        """Ctrl-C; the exit code. Raises AssertionError where that does not end it, which is then killed."""
        if self.alive:
            self._process.send_signal(signal.SIGINT)
        try:
            return self.wait(STOP_S)
        except AssertionError:
            self.kill()
            raise

    def kill(self) -> None:
        """It and what it has begun."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(STOP_S)
        self._reader.join(STOP_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.close()
