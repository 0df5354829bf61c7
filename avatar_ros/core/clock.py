"""Time, as an argument. Only nodes and devices own a clock; logic is told `now_s`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

#: Two clocks that were read so far apart at most were read at one instant, ns; reading takes well under a microsecond.
_AT_ONCE_NS, _TRIES = 20_000, 8


class Clock(Protocol):
    """Seconds since an arbitrary origin, never going back; the same origin for all processes of one host."""

    def now_s(self) -> float: ...


class SteadyClock:
    """CLOCK_MONOTONIC: not moved when the time of day is set."""

    def now_s(self) -> float:
        return time.monotonic()


class VirtualClock:
    """A clock that a test or a simulation moves by hand."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s

    def now_s(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` (>= 0) and return the new time."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds} s")
        self._now_s += seconds
        return self._now_s


def ns_from_s(seconds: float) -> int:
    """Seconds of a Clock as the integer nanoseconds that messages carry (`steady_ns`)."""
    return round(seconds * 1e9)


def s_from_ns(nanoseconds: int) -> float:
    """Inverse of `ns_from_s`."""
    return nanoseconds * 1e-9


def both_clocks(
    wall_ns: Callable[[], int] = time.time_ns, steady_ns: Callable[[], int] = time.monotonic_ns
) -> tuple[int, int]:
    """The time of day and the steady clock at one instant, ns, also where another program runs in between.

    Read one after the other they were milliseconds apart on a busy machine, and stamps went back.
    """
    best_ns, wall, steady = -1, 0, 0
    for _ in range(_TRIES):
        before, now, after = steady_ns(), wall_ns(), steady_ns()
        if best_ns < 0 or after - before < best_ns:
            best_ns, wall, steady = after - before, now, (before + after) // 2
        if best_ns <= _AT_ONCE_NS:
            break
    return wall, steady
