"""Blinks: when, and how the lids move."""

from __future__ import annotations

import numpy as np

#: Spread of the intervals' logarithm: most blinks follow within 2–6 s, some after a long stare.
_SIGMA = 0.55
_CLOSE_S, _SHUT_S, _OPEN_S = 0.075, 0.03, 0.17
_MIN_INTERVAL_S = 0.6
#: Share of blinks that come as a pair.
_DOUBLE = 0.08
#: No two blinks are alike: how slow, against the times above; and some do not shut the eye.
_PACE, _PARTIAL, _PARTIAL_DEPTH = (0.8, 1.3), 0.12, (0.6, 0.9)
#: People blink more often while they speak (Bentivoglio et al. 1997: 17 a minute at rest, 26 in conversation); the ends
#: of phrases, which ask for blinks of their own, bring the rest.
_SPEAKING_FACTOR = 1.2


class Blinker:
    """Told the time, says how far the lids are shut."""

    def __init__(self, rng: np.random.Generator, blinks_per_min: float) -> None:
        self._rng = rng
        self._per_min = blinks_per_min
        self._start_s: float | None = None
        self._next_s: float | None = None
        self._pace = self._depth = 1.0

    def step(self, now_s: float, speaking: bool) -> float:
        """Lid closure 0–1 at `now_s`."""
        if self._per_min <= 0:
            return 0.0
        if self._next_s is None:
            self._next_s = now_s + self._interval_s(speaking)
        if now_s >= self._next_s:
            self._start_s = now_s
            self._pace = float(self._rng.uniform(*_PACE))
            partial = self._rng.random() < _PARTIAL
            self._depth = float(self._rng.uniform(*_PARTIAL_DEPTH)) if partial else 1.0
            double = self._rng.random() < _DOUBLE
            self._next_s = now_s + (0.38 if double else self._interval_s(speaking))
        return self._depth * blink_shape((now_s - self._start_s) / self._pace) if self._start_s is not None else 0.0

    def hint(self, now_s: float, probability: float) -> None:
        """A moment at which people like to blink (a large glance, the end of a phrase)."""
        free = self._start_s is None or now_s - self._start_s > _MIN_INTERVAL_S
        if self._per_min > 0 and self._next_s is not None and free and self._rng.random() < probability:
            self._next_s = now_s

    def _interval_s(self, speaking: bool) -> float:
        per_min = self._per_min * (_SPEAKING_FACTOR if speaking else 1.0)
        mean_s = 60.0 / per_min
        drawn = float(self._rng.lognormal(np.log(mean_s) - _SIGMA**2 / 2, _SIGMA))
        return max(_MIN_INTERVAL_S, drawn)


def blink_shape(age_s: float) -> float:
    """Lid closure 0–1, `age_s` after the blink began: shuts fast, opens at half the speed."""
    if age_s < 0 or age_s >= _CLOSE_S + _SHUT_S + _OPEN_S:
        return 0.0
    if age_s < _CLOSE_S:
        x = age_s / _CLOSE_S
    elif age_s < _CLOSE_S + _SHUT_S:
        return 1.0
    else:
        x = 1 - (age_s - _CLOSE_S - _SHUT_S) / _OPEN_S
    return x * x * (3 - 2 * x)
