"""CLOCK_MONOTONIC of another host on our own: by questions and answers, as NTP does it, without touching any clock.

A question leaves at `asked`, is heard there at `heard`, answered at `answered` and comes back at `came`. Theirs less
ours is then at most heard - asked, and at least answered - came. Bounds of several answers, each wider by what the
clocks may have drifted since, are laid over one another; what remains is halved. What waits in a queue on one way only
loosens one of the bounds, so the promptest answer of each way counts, and not the mean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

#: Quartz clocks are at most 100 ppm off, so two of them drift apart by less than this.
MAX_DRIFT = 2e-4
#: What is left of it once it was measured.
RESIDUAL_DRIFT = 2e-5
#: Answers are remembered: four minutes of them.
_KEPT = 64
#: Drift is measured over at least so long, ns, and believed where it is known this well.
_DRIFT_SPAN_NS, _DRIFT_UNSURE = 40e9, RESIDUAL_DRIFT
#: Answers that contradict all before: the other host was halted and went on. So many in a row are believed.
_CONTRADICTIONS = 3


class ClockAnswer(NamedTuple):
    """Four instants, ns: `asked` and `came` on our clock, `heard` and `answered` on theirs."""

    asked_ns: int
    heard_ns: int
    answered_ns: int
    came_ns: int

    @property
    def possible(self) -> bool:
        """Time went on, on both sides, and not longer there than here (but for the drift)."""
        there_ns, here_ns = self.answered_ns - self.heard_ns, self.came_ns - self.asked_ns
        return 0 <= there_ns <= here_ns * (1 + MAX_DRIFT) + 1

    @property
    def most_ns(self) -> int:
        """Theirs less ours is at most this, at asked_ns."""
        return self.heard_ns - self.asked_ns

    @property
    def least_ns(self) -> int:
        """Theirs less ours is at least this, at came_ns."""
        return self.answered_ns - self.came_ns


class ClockMap:
    """The offset of one clock: `offset_ns` at `_at_ns` of ours, within `within_ns`, moving by `drift`."""

    def __init__(self) -> None:
        self._answers: deque[ClockAnswer] = deque(maxlen=_KEPT)
        self._odd: list[ClockAnswer] = []
        self._at_ns = 0
        self.offset_ns = 0.0
        self.within_ns = float("inf")
        self.drift = 0.0  # seconds of theirs gained on ours a second

    @property
    def known(self) -> bool:
        """Whether there was an answer."""
        return bool(self._answers)

    def add(self, answer: ClockAnswer) -> None:
        """Take an answer. One that cannot be is left out."""
        if not answer.possible:
            return
        if self.known and self._contradicts(answer):
            self._odd.append(answer)
            if len(self._odd) < _CONTRADICTIONS:
                return
            self._answers.clear()
            self._answers.extend(self._odd)
        else:
            self._answers.append(answer)
        self._odd.clear()
        self._estimate(answer.came_ns)

    def ours_ns(self, theirs_ns: int) -> int:
        """An instant of their clock on ours. Only where `known`."""
        ours_ns = theirs_ns - self.offset_ns
        return round(ours_ns - self.drift * (ours_ns - self._at_ns))

    def _contradicts(self, answer: ClockAnswer) -> bool:
        """It cannot be true together with what is known."""
        least, most = bounds_ns([*self._answers, answer], answer.came_ns, 0.0, MAX_DRIFT)
        return least > most

    def _estimate(self, now_ns: int) -> None:
        drift = measured_drift(self._answers)
        found = None if drift is None else bounds_ns(self._answers, now_ns, drift, RESIDUAL_DRIFT)
        if found is None or found[0] > found[1]:
            drift, found = 0.0, bounds_ns(self._answers, now_ns, 0.0, MAX_DRIFT)
        least, most = found
        self._at_ns, self.drift = now_ns, drift or 0.0
        self.offset_ns, self.within_ns = (least + most) / 2, (most - least) / 2


def bounds_ns(answers: Sequence[ClockAnswer], now_ns: int, drift: float, unsure: float) -> tuple[float, float]:
    """(least, most) that theirs less ours can be at now_ns, given a drift that is known within `unsure`."""

    def moved(offset_ns: int, at_ns: int, sign: int) -> float:
        age_ns = now_ns - at_ns
        return offset_ns + drift * age_ns + sign * unsure * abs(age_ns)

    least = max(moved(one.least_ns, one.came_ns, -1) for one in answers)
    most = min(moved(one.most_ns, one.asked_ns, 1) for one in answers)
    return least, most


def measured_drift(answers: Sequence[ClockAnswer]) -> float | None:
    """By the promptest of the first and of the last third of the answers; None while that is too unsure."""
    third = len(answers) // 3
    if third < 3:
        return None
    old, new = (sorted(part, key=_trip_ns)[0] for part in (list(answers)[:third], list(answers)[-third:]))
    prompt_ns = min(map(_trip_ns, answers))
    span_ns = (new.asked_ns + new.came_ns - old.asked_ns - old.came_ns) / 2
    unsure_ns = (_trip_ns(old) + _trip_ns(new) - 2 * prompt_ns) / 2
    if span_ns < _DRIFT_SPAN_NS or unsure_ns > _DRIFT_UNSURE * span_ns:
        return None
    drift = (_middle_ns(new) - _middle_ns(old)) / span_ns
    return max(-MAX_DRIFT, min(MAX_DRIFT, drift))


def _trip_ns(answer: ClockAnswer) -> int:
    """On the way, both ways together."""
    return answer.most_ns - answer.least_ns


def _middle_ns(answer: ClockAnswer) -> float:
    return (answer.most_ns + answer.least_ns) / 2
