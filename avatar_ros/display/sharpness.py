"""How large the face is drawn for its panel: as the machine keeps its frame rate with, found out while it runs.

Pure: told what each frame cost. A second of frames is judged at a time. Two slow ones in a row, and the face is drawn
smaller; several good ones after which the next size would fit as well, and it is drawn larger. After each step down the
next step up waits four times as long, so that a machine at the edge does not go back and forth.
"""

from __future__ import annotations

from statistics import median

#: Of the panel's size per axis.
SCALES = (0.5, 0.667, 1.0)
#: Where it begins, and what a recording keeps.
FIRST_SCALE = 0.667
#: Of the time between two frames, what drawing may take: the rest of the kiosk needs the processor as well.
BUDGET = 0.5
#: Of a second's frames, how many may take longer.
SLOW_SHARE = 0.1
SLOW_SECONDS = 2
#: Good seconds before the first step up, and the most that are ever waited for.
PATIENCE_S, LONGEST_PATIENCE_S = 2, 3600


class Sharpness:
    """scale: of the panel's size per axis, fixed where `scale` is not 0."""

    def __init__(self, scale: float = 0.0) -> None:
        self._fixed = scale > 0
        self.scale = scale or FIRST_SCALE
        self.reason = "as configured" if self._fixed else "finding out"
        self._patience_s = PATIENCE_S
        self._good_s = self._slow_s = 0
        self._settling = True  # the first second after a change, or after the start, says nothing
        self._costs_s: list[float] = []
        self._late = 0

    def drawn(self, cost_s: float, period_s: float, missed: int = 0) -> None:
        """A frame was drawn in `cost_s`; one is due every `period_s`. missed: frames left out before it."""
        if self._fixed:
            return
        self._costs_s.append(cost_s)
        self._late += missed + (cost_s > BUDGET * period_s)
        if len(self._costs_s) * period_s < 1:
            return
        costs_s, late = self._costs_s, self._late
        self._costs_s, self._late = [], 0
        if self._settling:
            self._settling = False
        elif late > SLOW_SHARE * len(costs_s):
            self._was_slow(period_s, median(costs_s), late)
        else:
            self._was_good(period_s, median(costs_s))

    def _was_slow(self, period_s: float, cost_s: float, late: int) -> None:
        self._good_s = 0
        self._slow_s += 1
        if self._slow_s >= SLOW_SECONDS and self.scale > SCALES[0]:
            self._patience_s = min(4 * self._patience_s, LONGEST_PATIENCE_S)
            why = f"{late} frames late in a second, {_ms(cost_s)} of {_ms(period_s)} ms each at {self.scale:g}"
            self._change(SCALES[SCALES.index(self.scale) - 1], why)

    def _was_good(self, period_s: float, cost_s: float) -> None:
        self._slow_s = 0
        self._good_s += 1
        self.reason = f"drawing takes {_ms(cost_s)} of {_ms(period_s)} ms"
        if self._good_s < self._patience_s or self.scale == SCALES[-1]:
            return
        larger = SCALES[SCALES.index(self.scale) + 1]
        if cost_s * (larger / self.scale) ** 2 <= BUDGET * period_s:  # no dearer than by the pixel
            self._change(larger, self.reason)

    def _change(self, scale: float, why: str) -> None:
        self.scale, self.reason = scale, why
        self._good_s = self._slow_s = 0
        self._settling = True


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"
