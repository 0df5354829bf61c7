"""Two backends for one job: the fallback works while the first fails; the first is tried again after a time."""

from __future__ import annotations

import math

#: A service may not ask to be left alone for longer than this, seconds.
LONGEST_WAIT_S = 600.0


def fallback_warning(first: str, fallback: str, why: str) -> str:
    """What diagnostics say while a fallback is in use.

    >>> fallback_warning("edge", "espeak", "HTTP 500")
    "'edge' fails, its fallback 'espeak' is in use: HTTP 500"
    """
    return f"'{first}' fails, its fallback '{fallback}' is in use: {why}"


def wait_s(least_s: float, asked_s: float) -> float:
    """How long a service is left alone that failed, seconds. asked_s: how long it asks for, 0 where it does not."""
    return max(least_s, min(asked_s, LONGEST_WAIT_S))


class Fallback:
    """Which of two backends is in use, and why.

    first, fallback: their names; retry_s: the first is left alone for so long after it failed; inf: for good.
    failures: how often it failed.
    """

    def __init__(self, first: str, fallback: str, retry_s: float = math.inf) -> None:
        self._first = first
        self._fallback = fallback
        self._retry_s = retry_s
        self._why = ""
        self._retry_at_s = 0.0
        self.failures = 0

    def is_due(self, now_s: float) -> bool:
        """Whether the first is to be asked: it works, or is to be tried again."""
        return not self._why or now_s >= self._retry_at_s

    def works(self) -> None:
        """The first has done its work."""
        self._why = ""

    def failed(self, why: str, now_s: float = 0.0, asked_s: float = 0.0) -> None:
        """The first has failed. asked_s: it asks to be left alone for so long, seconds."""
        self._why = why
        self.failures += 1
        self._retry_at_s = now_s + wait_s(self._retry_s, asked_s)

    @property
    def warning(self) -> str:
        """For diagnostics; "" while the first works."""
        return fallback_warning(self._first, self._fallback, self._why) if self._why else ""
