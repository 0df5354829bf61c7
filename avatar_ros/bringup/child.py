"""One process of a run: started in a session of its own, dying with its parent, its output read without blocking."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .forked import Forked, can_fork
from .log import LineSplitter

_PR_SET_PDEATHSIG = 1
#: Lines that are kept for the report on a node that keeps dying.
TAIL_LINES = 15
# Looked up before any fork: the child may not take the loader's locks.
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ChildSpec:
    """A process to keep running.

    ends_run: its exit with EXIT_DONE or EXIT_UNFINISHED (core/exit_codes.py) ends the run; module: whose `main` may run
    in a fork of the runner instead of `command`, which ends with the same arguments, `args`. "": always the command;
    env: its environment where it is another than the run's; finishes: it may have a recording to finish, and is given
    time for it however the run ends.
    """

    name: str
    command: tuple[str, ...]
    ends_run: bool = False
    module: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    finishes: bool = False


class Child:
    """A started ChildSpec."""

    def __init__(self, spec: ChildSpec, env: Mapping[str, str], now_s: float) -> None:
        self.spec = spec
        self.started_s = now_s
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.at_end = False
        self.sent: signal.Signals | None = None  # the strongest so far
        self._lines = LineSplitter()
        self._process = _start(spec, env if spec.env is None else spec.env)
        assert self._process.stdout is not None
        self.pipe = self._process.stdout
        os.set_blocking(self.pipe.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it lives, else subprocess's returncode (-N: killed by signal N)."""
        return self._process.poll()

    def read(self) -> list[str]:
        """The lines that have arrived so far; `at_end` is set once the output has ended."""
        lines: list[str] = []
        while not self.at_end:
            try:
                data = os.read(self.pipe.fileno(), 65536)
            except BlockingIOError:
                break
            self.at_end = not data
            lines += self._lines.feed(data) if data else self._lines.close()
        self.tail.extend(lines)
        return lines

    def send(self, number: signal.Signals) -> None:
        """Signal the node, which ends its own helpers; SIGKILL goes to these as well."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._process.pid, number)
        if number is signal.SIGKILL:  # both: a fork that has just begun leads no group yet
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """After its end: kill what it left behind, close the pipe."""
        self._kill_group()
        self.pipe.close()


def _start(spec: ChildSpec, env: Mapping[str, str]) -> Forked | subprocess.Popen[bytes]:
    prepare = _die_with_parent(os.getpid())
    if spec.module and can_fork():
        return Forked(spec.module, spec.args, env, prepare)
    return subprocess.Popen(
        spec.command,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # Safe: the runner has one thread, and what runs between fork and exec takes no lock.
        preexec_fn=prepare,  # noqa: PLW1509
    )


def _die_with_parent(parent_pid: int) -> Callable[[], None]:
    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent_pid:  # the parent died between fork and prctl
            os._exit(1)

    return prepare
