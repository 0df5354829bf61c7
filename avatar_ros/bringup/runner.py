"""Keeps a set of processes running: restarts what dies, gives up on what keeps dying, stops all of it within 3 s.

One thread and one selector: it sleeps until a child writes or ends, a restart or a signal is due, or it is stopped.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType
from typing import Any

from ..core.exit_codes import EXIT_CONFIG, EXIT_DONE, EXIT_FAILED, EXIT_MACHINE, EXIT_OK, EXIT_UNFINISHED
from ..core.machine import machine_fault
from .child import Child, ChildSpec
from .log import RunLog
from .restart_policy import STOP_FINISHED, STOP_NOW, STOP_RECORDING, Blame, RestartPolicy, StopPlan, describe_exit

#: A child counts as starting until it writes its first line, this long at most, s.
LONGEST_START_S = 3.0
_NAME = "kiosk"
_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Runner:
    """Runs `specs` until one of them ends the run or it is told to stop; `run` may be called once.

    starting_at_once: how many may be starting at a time, in the order of `specs`. On two cores, eleven processes that
    import and load side by side are all ready late; in order, the first of them (the face) is there at once, and the
    last no later.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        log: RunLog,
        env: Mapping[str, str] = os.environ,
        starting_at_once: int = 1 + (os.cpu_count() or 1),
    ) -> None:
        self._specs = specs
        self._waiting = deque(specs)
        self._starting_until_s: dict[str, float] = {}
        self._starting_at_once = starting_at_once
        self._log = log
        self._env = env
        self._selector = selectors.DefaultSelector()
        self._children: dict[str, Child] = {}
        self._blame = Blame()
        self._policies = {spec.name: RestartPolicy() for spec in specs}
        self._restart_at_s: dict[str, float] = {}
        self._stop: tuple[float, StopPlan] | None = None
        self._stop_asked = 0
        self._exit_code = EXIT_OK
        #: Said when all others have stopped, so that what ended the run is the last thing to be read.
        self._farewell: list[tuple[str, str]] = []

    def run(self) -> int:
        """0: done or asked to stop; 1: a node kept dying or could not do what was asked; 2: one refused to start."""
        with _Wakeup(self._on_signal) as wakeup:
            self._selector.register(wakeup, selectors.EVENT_READ, None)
            try:
                self._start_waiting()
                while self._children or self._stop is None:
                    self._step()
            finally:  # none is left but where the runner itself failed: then nothing may wait for one
                for child in self._children.values():
                    child.send(signal.SIGKILL)
        self._selector.close()
        for name, text in self._farewell:
            self._log.write(name, text)
        return self._exit_code

    # --- one round of the loop -----------------------------------------------------------------------------------

    def _step(self) -> None:
        for key, _ in self._selector.select(self._wait_s()):
            if key.data is None:
                key.fileobj.recv(4096)  # type: ignore[union-attr]
            else:
                self._read(key.data)
        for child in list(self._children.values()):
            if (code := child.exit_code()) is not None:
                self._ended(child, code)
        now_s = time.monotonic()
        if self._stop_asked and self._stop is None:
            self._begin_stop(STOP_NOW, EXIT_OK, "stopping")
        for spec in self._specs:
            if self._stop is None and self._restart_at_s.get(spec.name, now_s + 1) <= now_s:
                self._start(spec)
        self._start_waiting()
        self._send_due(now_s)

    def _wait_s(self) -> float | None:
        now_s = time.monotonic()
        due = [] if self._stop else list(self._restart_at_s.values())
        due += self._starting_until_s.values() if self._waiting and not self._stop else ()
        if self._stop and (next_s := self._stop[1].next_s(self._stop[0], now_s)) is not None:
            due.append(next_s)
        # A second bounds the harm of a lost SIGCHLD.
        return min([max(at_s - now_s, 0.0) for at_s in due] + [1.0])

    def _read(self, child: Child) -> None:
        for line in child.read():
            self._log.write(child.spec.name, line)
        if child.tail:
            self._starting_until_s.pop(child.spec.name, None)
        if child.at_end:
            self._forget_pipe(child)

    def _forget_pipe(self, child: Child) -> None:
        if child.pipe in self._selector.get_map():
            self._selector.unregister(child.pipe)

    # --- starting and ending -------------------------------------------------------------------------------------

    def _start_waiting(self) -> None:
        now_s = time.monotonic()
        self._starting_until_s = {name: at_s for name, at_s in self._starting_until_s.items() if at_s > now_s}
        while self._waiting and self._stop is None and len(self._starting_until_s) < self._starting_at_once:
            spec = self._waiting.popleft()
            self._starting_until_s[spec.name] = now_s + LONGEST_START_S
            self._start(spec)

    def _start(self, spec: ChildSpec) -> None:
        self._restart_at_s.pop(spec.name, None)
        started_s = time.monotonic()
        try:
            child = Child(spec, self._env, started_s)
        except OSError as error:
            self._log.write(_NAME, f"{spec.name} cannot be started: {machine_fault(error) or error}")
            self._starting_until_s.pop(spec.name, None)
            self._restart_or_give_up(spec.name, deque(), started_s, EXIT_MACHINE)
            return
        self._children[spec.name] = child
        self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _ended(self, child: Child, code: int) -> None:
        self._read(child)
        self._forget_pipe(child)  # a helper that outlives it may hold the pipe open
        child.close()
        del self._children[child.spec.name]
        self._starting_until_s.pop(child.spec.name, None)
        code = self._blame.judge(code, child.tail)
        if self._stop is not None:
            if code == EXIT_UNFINISHED and self._exit_code == EXIT_OK:
                self._exit_code = EXIT_FAILED
                self._farewell.append((child.spec.name, _last(child)))
            return
        if code == EXIT_CONFIG:
            self._begin_stop(STOP_NOW, EXIT_CONFIG, f"stopping: {child.spec.name} refused its configuration")
            self._farewell = [(child.spec.name, _last(child))]
        elif code == EXIT_DONE and child.spec.ends_run:
            self._begin_stop(STOP_FINISHED, EXIT_OK, f"{child.spec.name} is done")
        elif code == EXIT_UNFINISHED and child.spec.ends_run:
            self._begin_stop(STOP_FINISHED, EXIT_FAILED, f"stopping: {child.spec.name} could not do what was asked")
            self._farewell = [(child.spec.name, _last(child))]
        else:
            self._restart_or_give_up(child.spec.name, child.tail, child.started_s, code)

    def _restart_or_give_up(self, name: str, tail: Iterable[str], started_s: float, code: int) -> None:
        now_s = time.monotonic()
        delay_s = self._policies[name].ended(started_s, now_s, code)
        if delay_s is not None:
            self._log.write(_NAME, f"{name} died ({describe_exit(code)}); starting it again in {delay_s:g} s")
            self._restart_at_s[name] = now_s + delay_s
            return
        why = f"giving up: {name} keeps dying ({describe_exit(code)})"
        self._begin_stop(STOP_NOW, EXIT_FAILED, why)
        self._farewell = [(_NAME, f"{why}; its last lines:"), *((name, line) for line in tail)]

    # --- stopping ------------------------------------------------------------------------------------------------

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stop_asked += 1

    def _begin_stop(self, plan: StopPlan, exit_code: int, why: str) -> None:
        self._log.write(_NAME, why)
        self._exit_code = exit_code
        self._stop = (time.monotonic(), plan)

    def _send_due(self, now_s: float) -> None:
        if self._stop is None:
            return
        if self._stop[1] is STOP_FINISHED and self._stop_asked:
            self._stop = (now_s, STOP_NOW)  # Ctrl-C while a recording is being finished: be quick
        since_s, plan = self._stop
        for child in self._children.values():
            due = (STOP_RECORDING if child.spec.finishes and plan is STOP_NOW else plan).due(since_s, now_s)
            due = signal.SIGKILL if self._stop_asked > 1 else due
            if due is not None and due is not child.sent:
                child.sent = due
                child.send(due)


def _last(child: Child) -> str:
    return child.tail[-1] if child.tail else "it said nothing"


class _Wakeup:
    """Signals as bytes on a socket, so that `select` returns; the previous handlers come back at the end."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._reader, self._writer = socket.socketpair()

    def __enter__(self) -> socket.socket:
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._handler) for number in _WATCHED}
        return self._reader

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._reader.close()
        self._writer.close()
