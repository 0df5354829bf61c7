"""A Python module's `main` in a fork of this process, which has imported what the modules need.

Eleven interpreters that each import numpy and rclpy take longer to start than their models do, and each keeps a copy in
memory. Only a process of one thread may be forked like this: `can_fork` says so, subprocess serves otherwise.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..core.exit_codes import EXIT_MACHINE
from ..core.machine import machine_fault

_TASKS = Path("/proc/self/task")
_STAT = Path("/proc/self/stat")
_ENV_START_ENV_END = (50, 51)  # man 5 proc
#: Signals that the runner handles: set back to the default in the child.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
_HIGHEST_FD = 65536


def preload(modules: Sequence[str]) -> None:
    """Import `modules` for all forks to come. What is missing is left to the process that needs it, to be named there.

    Nothing that starts a thread may be among them.
    """
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # else the first collection in each fork would copy every page


def can_fork() -> bool:
    """Whether this process has one thread only: a lock that another thread holds would stay locked in a fork."""
    return len(list(_TASKS.iterdir())) == 1


class Forked:
    """What subprocess.Popen is for `python -m module args…`: its number, its output, its end.

    prepare: called first of all in the new process.
    """

    def __init__(self, module: str, args: Sequence[str], env: Mapping[str, str], prepare: Callable[[], None]) -> None:
        """Raises OSError where no process can be started."""
        before = _open_descriptors()
        reader, writer = os.pipe()
        self.stdout: IO[bytes] = os.fdopen(reader, "rb", buffering=0)
        # daemon: a runner that fails ends its forks instead of waiting for them.
        self._process = multiprocessing.get_context("fork").Process(
            target=_become, args=(module, args, env, writer, prepare), name=module, daemon=True
        )
        # A signal that comes before the fork has let go of the runner's handlers must wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._process.start()
        except OSError:
            self.stdout.close()
            for descriptor in _open_descriptors() - before - {writer}:  # multiprocessing leaves its pipes open
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.close(writer)
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """None while it lives, else its exit code, -N where signal N killed it."""
        return self._process.exitcode


def _open_descriptors() -> set[int]:
    return {int(name) for name in os.listdir("/proc/self/fd")}


def _become(module: str, args: Sequence[str], env: Mapping[str, str], output: int, prepare: Callable[[], None]) -> None:
    """In the fork: be that process. multiprocessing turns what is raised into a traceback and an exit code."""
    import setproctitle  # not above: --help of a verb must need nothing installed

    _let_go(output)
    prepare()
    setproctitle.getproctitle()  # it finds its place now: before the environment changes, beside which that lies
    os.environ.clear()
    os.environ.update(env)
    _wipe_first_environment()
    setproctitle.setproctitle(" ".join([sys.executable, "-m", module, *args]))
    sys.argv = [module, *args]
    try:
        sys.exit(_main(module))
    finally:
        atexit._run_exitfuncs()


def _wipe_first_environment() -> None:
    """/proc/PID/environ goes on showing what the runner was started with, keys of other nodes too: overwrite it.

    The C library uses nothing of it any more once each variable has been set anew.
    """
    numbers = _STAT.read_text().rpartition(")")[2].split()
    start, end = (int(numbers[field - 3]) for field in _ENV_START_ENV_END)
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)


def _main(module: str) -> int:
    """The exit code; its `main` reports what it meets, importing it may find the machine short already."""
    try:
        main = importlib.import_module(module).main
    except (ImportError, MemoryError, OSError) as error:
        if not (fault := machine_fault(error)):
            raise
        print(f"[FATAL] {fault.code}: {fault}", file=sys.stderr, flush=True)
        return EXIT_MACHINE
    return int(main())


def _let_go(output: int) -> None:
    """Of all that is the runner's: its session, signals, files and screen."""
    os.setsid()
    logging.shutdown()  # now: at the fork's end its files' numbers may be others'
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # File objects that were inherited keep closed descriptors: harmless, the child exits inside this call.
    os.closerange(3, _HIGHEST_FD)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
