"""How late news is, though the clock that dated it may be another host's."""

from __future__ import annotations

#: Clocks of two hosts drift apart by less than this, s a second: the least delay is believed for as long.
_DRIFT = 1e-4


class Lateness:
    """Delays count from the least that was seen, in which the difference of the clocks is, and what is usual."""

    def __init__(self) -> None:
        self._least_s = float("inf")
        self._seen_s = 0.0

    def of(self, at_s: float, now_s: float) -> float:
        """How much later than the promptest news that of `at_s` comes now, s."""
        delay_s = now_s - at_s
        self._least_s = min(delay_s, self._least_s + _DRIFT * max(0.0, now_s - self._seen_s))
        self._seen_s = now_s
        return delay_s - self._least_s
