"""What follows when a node dies, and how a run is stopped: pure decisions, told the time."""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.exit_codes import EXIT_FAILED, EXIT_MACHINE, EXIT_NETWORK
from ..core.machine import says_short

#: A visitor waits in mid-sentence for a node that died once; what dies again is given time, for its device or service.
FIRST_DELAY_S, SECOND_DELAY_S = 0.1, 1.0
LONGEST_DELAY_S = 10.0
#: A life of this long makes a node healthy again; deaths within this window count against it.
HEALTHY_S = 60.0
DEATHS_TO_GIVE_UP = 5
#: Memory, disk or descriptors that are still short after this long will not come back by themselves, s.
MACHINE_PATIENCE_S = 900.0
#: How a process ends that did not end itself with a code of its own: a traceback, exit(-1), abort, a write to memory
#: that is not there.
_SUDDEN = (EXIT_FAILED, 255, -signal.SIGABRT, -signal.SIGBUS)
_VMSTAT = Path("/proc/vmstat")


class Blame:
    """Tells the deaths that the machine is to blame for from others."""

    def __init__(self, vmstat: Path = _VMSTAT) -> None:
        self._vmstat = vmstat
        self._kills = self._read()

    def judge(self, code: int, last_lines: Iterable[str]) -> int:
        """The exit status, as subprocess gives it; EXIT_MACHINE where the kernel killed it for want of memory, or where
        its last lines say that something was short: C libraries end a process that they get no memory for.
        """
        kills, before = self._read(), self._kills
        self._kills = kills
        killed = code == -signal.SIGKILL and kills > before
        ended = code in _SUDDEN and any(says_short(line) for line in last_lines)
        return EXIT_MACHINE if killed or ended else code

    def _read(self) -> int:
        try:
            found = re.search(r"^oom_kill (\d+)", self._vmstat.read_text(encoding="ascii"), re.M)
        except OSError:
            return 0
        return int(found[1]) if found else 0


class RestartPolicy:
    """Back-off of one node: 0.1 s, 1 s and doubling to 10 s, forgotten after a minute of life; five deaths within one
    end it.

    Deaths that the machine is to blame for do not count: they are borne for MACHINE_PATIENCE_S.
    """

    def __init__(self) -> None:
        self._deaths_s: deque[float] = deque()
        self._delay_s = FIRST_DELAY_S
        self._short_since_s: float | None = None

    def ended(self, started_s: float, now_s: float, code: int) -> float | None:
        """`died`, or `ran_short` where the exit status, as subprocess gives it, says so. Nobody's fault is a network
        that came late: that counts as neither.
        """
        if code == EXIT_NETWORK:
            return FIRST_DELAY_S
        return (self.ran_short if code == EXIT_MACHINE else self.died)(started_s, now_s)

    def died(self, started_s: float, now_s: float) -> float | None:
        """The seconds to wait before the node is started again, or None: give it up."""
        self._look_back(started_s, now_s)
        self._deaths_s.append(now_s)
        while now_s - self._deaths_s[0] > HEALTHY_S:
            self._deaths_s.popleft()
        return None if len(self._deaths_s) >= DEATHS_TO_GIVE_UP else self._delay()

    def ran_short(self, started_s: float, now_s: float) -> float | None:
        """As `died`, of a node that the machine had no memory, disk or descriptors for."""
        self._look_back(started_s, now_s)
        if self._short_since_s is None:
            self._short_since_s = now_s
        return None if now_s - self._short_since_s >= MACHINE_PATIENCE_S else self._delay()

    def _look_back(self, started_s: float, now_s: float) -> None:
        if now_s - started_s >= HEALTHY_S:
            self._deaths_s.clear()
            self._delay_s = FIRST_DELAY_S
            self._short_since_s = None

    def _delay(self) -> float:
        delay_s = self._delay_s
        self._delay_s = min(max(2 * delay_s, SECOND_DELAY_S), LONGEST_DELAY_S)
        return delay_s


@dataclass(frozen=True)
class StopPlan:
    """Signals to send while children live: (seconds after the stop began, signal), in order."""

    steps: tuple[tuple[float, signal.Signals], ...]

    def due(self, since_s: float, now_s: float) -> signal.Signals | None:
        """The last signal whose time has come, None before the first."""
        reached = [number for after_s, number in self.steps if now_s - since_s >= after_s]
        return reached[-1] if reached else None

    def next_s(self, since_s: float, now_s: float) -> float | None:
        """When the next signal is due, None after the last."""
        later = [since_s + after_s for after_s, _ in self.steps if since_s + after_s > now_s]
        return min(later, default=None)


# SIGTERM first: a node obeys it as it obeys SIGINT, and a process that is still importing ends without a traceback.
#: A user waits at the keyboard: all gone within 3 s.
STOP_NOW = StopPlan(((0.0, signal.SIGTERM), (1.8, signal.SIGINT), (2.5, signal.SIGKILL)))
#: The same for a node that has a recording to close, which takes longer on a busy machine.
STOP_RECORDING = StopPlan(((0.0, signal.SIGTERM), (8.0, signal.SIGINT), (10.0, signal.SIGKILL)))
#: The run has done its work: a recording may take a moment to be finished.
STOP_FINISHED = StopPlan(((0.0, signal.SIGTERM), (10.0, signal.SIGINT), (12.0, signal.SIGKILL)))


def describe_exit(code: int) -> str:
    """An exit status of subprocess in words: "exit code 1", "killed by SIGSEGV"."""
    if code == EXIT_MACHINE:
        return "the machine is short of something"
    if code == EXIT_NETWORK:
        return "its network came late, or changed"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
