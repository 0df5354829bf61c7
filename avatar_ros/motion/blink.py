"""Blinks: when, and how the lids move."""

from __future__ import annotations

import numpy as np

#: Spread of the waits' logarithm: most blinks follow within 2–6 s, some after a long stare.
_SIGMA = 0.55
_CLOSE_S, _SHUT_S, _OPEN_S = 0.075, 0.03, 0.17
_MIN_INTERVAL_S = 0.6
#: Share of blinks that come as a pair.
_DOUBLE = 0.08
#: No two blinks are alike: how slow, against the times above; and some do not shut the eye.
_PACE, _PARTIAL, _PARTIAL_DEPTH = (0.8, 1.3), 0.12, (0.6, 0.9)
#: People blink more often while they speak (Bentivoglio et al. 1997: 17 a minute at rest, 26 in conversation).
_SPEAKING_FACTOR = 1.5
#: From a blink to its pair.
_DOUBLE_S = 0.38
#: A moment that asks for a blink gets the next one where no more than this share of the usual wait for it is left.
_SOON = 0.8
#: A clock that leaps further than this has stood: nobody blinks for lost time.
_LONGEST_STEP_S = 1.0


class Blinker:
    """Told the time, says how far the lids are shut.

    Waits are counted in blinks due: time times the rate of the state. Each blink has a wait of its own, 1 on the mean,
    and what a blink that came early left of its wait is added to the next one's. So moments that ask for blinks, pairs
    and changes of state move blinks, and their number stays what the rate says.
    """

    def __init__(self, rng: np.random.Generator, blinks_per_min: float) -> None:
        self._rng = rng
        self._per_min = blinks_per_min
        self._start_s: float | None = None
        self._last_s: float | None = None
        self._wait = self._draw()  # blinks that have to fall due until the next one
        self._paired = False  # the next one follows soon
        self._wanted = False
        self._pace = self._depth = 1.0

    def step(self, now_s: float, speaking: bool) -> float:
        """Lid closure 0–1 at `now_s`."""
        if self._per_min <= 0:
            return 0.0
        step_s = 0.0 if self._last_s is None else min(max(now_s - self._last_s, 0.0), _LONGEST_STEP_S)
        self._last_s = now_s
        self._wait -= step_s * self._per_min * (_SPEAKING_FACTOR if speaking else 1.0) / 60.0
        if self._is_due(now_s):
            self._begin(now_s)
        return self._depth * blink_shape((now_s - self._start_s) / self._pace) if self._start_s is not None else 0.0

    def hint(self, now_s: float, probability: float) -> None:
        """A moment at which people like to blink (a large glance, the end of a phrase)."""
        if self._per_min > 0 and self._wait < _SOON and self._rng.random() < probability:
            self._wanted = True

    def _is_due(self, now_s: float) -> bool:
        if self._start_s is None:
            return self._wait <= 0 or self._wanted
        since_s = now_s - self._start_s
        if self._paired:
            return not 0 <= since_s < _DOUBLE_S
        if since_s < 0:  # the clock went back
            self._start_s = None
        return since_s >= _MIN_INTERVAL_S and (self._wait <= 0 or self._wanted)

    def _begin(self, now_s: float) -> None:
        self._start_s = now_s
        self._pace = float(self._rng.uniform(*_PACE))
        partial = self._rng.random() < _PARTIAL
        self._depth = float(self._rng.uniform(*_PARTIAL_DEPTH)) if partial else 1.0
        self._paired = not self._paired and bool(self._rng.random() < _DOUBLE)
        self._wanted = False
        self._wait += self._draw()

    def _draw(self) -> float:
        return float(self._rng.lognormal(-(_SIGMA**2) / 2, _SIGMA))


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
