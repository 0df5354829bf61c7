"""What drawing costs and how many frames come of it. Pure: told the times."""

from __future__ import annotations

#: Weights of the newest frame in the running means.
_COST_SMOOTHING, _PERIOD_SMOOTHING = 0.2, 0.1


class FrameStatistics:
    """cost_s: of drawing a frame, running mean; drawn, dropped: frames so far. period_s: of the ticks, as asked for."""

    def __init__(self, period_s: float) -> None:
        self._asked_s = period_s
        self._period_s = period_s
        self._last_s: float | None = None
        self.cost_s = 0.0
        self.drawn = 0
        self.dropped = 0
        self.missed = 0  # of them, just before the last tick

    @property
    def fps(self) -> float:
        """Ticks a second, running mean."""
        return 1 / self._period_s

    def tick(self, now_s: float) -> None:
        """A tick began; those that should have come since the last one were dropped."""
        if self._last_s is not None:
            elapsed_s = now_s - self._last_s
            self._period_s += _PERIOD_SMOOTHING * (elapsed_s - self._period_s)
            self.missed = max(0, round(elapsed_s / self._asked_s) - 1)
            self.dropped += self.missed
        self._last_s = now_s

    def cost(self, cost_s: float) -> None:
        """A frame was drawn in `cost_s`."""
        self.cost_s += _COST_SMOOTHING * (cost_s - self.cost_s)

    def values(self) -> dict[str, str]:
        """For /diagnostics."""
        return {
            "render_ms": f"{1000 * self.cost_s:.1f}",
            "fps": f"{self.fps:.1f}",
            "frames_drawn": str(self.drawn),
            "frames_dropped": str(self.dropped),
        }
