"""`./avatar soak --kill-each-s`: nodes are killed one after the other while the kiosk talks."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from avatar_ros.bringup.graph import START_ORDER

from .kiosk_run import KioskRun
from .memory import descendants, sample

READY = "ready after"
#: A diagnostic tells once a second what the microphone is at: a question began so much sooner than it was noticed, s.
NOTICED_S = 1.0


@dataclass
class Kill:
    """Of `node`, at_s after the run's start; back_s: when its next start was ready, infinite until then."""

    node: str
    at_s: float
    back_s: float = float("inf")


def in_flight(kills: Sequence[Kill], begin_s: float, end_s: float) -> bool:
    """Whether a node was dead, or being started again, at some moment between."""
    return any(kill.at_s <= end_s and begin_s - NOTICED_S <= kill.back_s for kill in kills)


def pid_of(root: int, node: str) -> int | None:
    """The process below `root` that is `node`; None where none is."""
    named = ((pid, sample(pid, 0.0)) for pid in descendants(root))
    return next((pid for pid, memory in named if memory is not None and memory.name == node), None)


def is_ready(lines: Sequence[str], node: str) -> bool:
    """Whether one of these lines of the kiosk's log says that the node is ready."""
    return any(line.startswith(f"[{node}]") and READY in line for line in lines)


class Killer:
    """Kills each node in turn, one every `each_s`; 0: none. To be called several times a second."""

    def __init__(self, run: KioskRun, each_s: float) -> None:
        self._run = run
        self._each_s = each_s
        self._line = 0
        self.kills: list[Kill] = []

    def step(self, now_s: float) -> None:
        """Note who has come back; kill the next node when its time has come and the one before is there again."""
        if self.kills and self.kills[-1].back_s == float("inf"):
            if is_ready(self._run.lines[self._line :], self.kills[-1].node):
                self.kills[-1].back_s = now_s
        elif self._each_s and now_s >= (len(self.kills) + 1) * self._each_s:
            node = START_ORDER[len(self.kills) % len(START_ORDER)]
            if (pid := pid_of(self._run.pid, node)) is not None:
                self._line = len(self._run.lines)
                self.kills.append(Kill(node, now_s))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
