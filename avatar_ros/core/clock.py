"""Time, as an argument. Only nodes and devices own a clock; logic is told `now_s`."""

from __future__ import annotations

import time
from typing import Protocol


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
