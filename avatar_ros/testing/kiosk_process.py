"""A kiosk as a user runs it, for tests: a process of its own, its output kept, its nodes findable."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

STOP_S = 60.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_parent() -> None:
    """A test run that is killed takes its kiosks with it; they would talk on for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


class KioskProcess:
    """`./avatar kiosk …` with these arguments; ended with Ctrl-C by `close`, or at the end of a `with`.

    env: laid over the environment of this process; prefix: a command that becomes it; cwd: where it runs, here if None;
    verb: "web" for `./avatar web`, whose arguments are others.
    lines: what it has written so far.
    """

    def __init__(
        self,
        *arguments: object,
        namespace: str = "avatar",
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        cwd: Path | None = None,
        verb: str = "kiosk",
    ) -> None:
        command = [*prefix, sys.executable, "-m", "avatar_ros", verb, "--namespace", namespace, *map(str, arguments)]
        self.namespace = namespace
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
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

    def node_pid(self, name: str) -> int | None:
        """Process number of one of its nodes, or None."""
        found = subprocess.run(
            ["pgrep", "-f", f"avatar_ros.nodes.{name} .*__ns:=/{self.namespace} "],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        return int(found[0]) if found else None

    def kill_node(self, name: str) -> int:
        """Kill -9 one of its nodes; its former process number."""
        pid = self.node_pid(name)
        assert pid is not None, f"{name} does not run:\n{self.log}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait(self, timeout_s: float = 300.0) -> int:
        """Its exit code, once it leaves by itself. Raises AssertionError with its log where it does not."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the kiosk did not leave within {timeout_s} s:\n{self.log}") from None
        self._reader.join(STOP_S)
        return code

    def close(self) -> int:
        """Ctrl-C; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        return self.wait(STOP_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.close()
