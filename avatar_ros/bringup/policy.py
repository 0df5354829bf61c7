"""What follows when a node dies, and how a run is stopped: pure decisions, told the time."""

from __future__ import annotations

import signal
from collections import deque
from dataclasses import dataclass

#: A visitor waits in mid-sentence for a node that died once; what dies again is given time, for its device or service.
FIRST_DELAY_S, SECOND_DELAY_S = 0.1, 1.0
LONGEST_DELAY_S = 10.0
#: A life of this long makes a node healthy again; deaths within this window count against it.
HEALTHY_S = 60.0
DEATHS_TO_GIVE_UP = 5


class RestartPolicy:
    """Back-off of one node: 0.1 s, 1 s and doubling to 10 s, forgotten after a minute of life; five deaths within one
    end it.
    """

    def __init__(self) -> None:
        self._deaths_s: deque[float] = deque()
        self._delay_s = FIRST_DELAY_S

    def died(self, started_s: float, now_s: float) -> float | None:
        """The seconds to wait before the node is started again, or None: give it up."""
        if now_s - started_s >= HEALTHY_S:
            self._deaths_s.clear()
            self._delay_s = FIRST_DELAY_S
        self._deaths_s.append(now_s)
        while now_s - self._deaths_s[0] > HEALTHY_S:
            self._deaths_s.popleft()
        if len(self._deaths_s) >= DEATHS_TO_GIVE_UP:
            return None
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
#: Somebody waits at the keyboard: all gone within 3 s.
STOP_NOW = StopPlan(((0.0, signal.SIGTERM), (1.8, signal.SIGINT), (2.5, signal.SIGKILL)))
#: The run has done its work: a recording may take a moment to be finished.
STOP_FINISHED = StopPlan(((0.0, signal.SIGTERM), (10.0, signal.SIGINT), (12.0, signal.SIGKILL)))


def describe_exit(code: int) -> str:
    """An exit status of subprocess in words: "exit code 1", "killed by SIGSEGV"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
