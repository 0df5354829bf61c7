"""The monitor as a stage: publishes a report a turn, writes the report file, ends the run after N answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..core.stage import Out, Stage
from ..core.types import Interrupt, Message, TurnReport
from .base import MonitorSettings
from .report import ReportFile
from .reporter import TurnReporter

TICK_S = 0.1


class MonitorStage(Stage):
    """Takes part in nothing; a kiosk without it talks as well."""

    tick_period_s = TICK_S

    def __init__(self, settings: MonitorSettings) -> None:
        super().__init__()
        self._settings = settings
        self._reporter = TurnReporter(settings)
        self._file = ReportFile(settings.report) if settings.report else None
        self._answers = 0
        self._last: TurnReport | None = None
        self._leave_s: float | None = None

    def load(self) -> None:
        """Begin the report file, so that a path that cannot be written is known at once."""
        if self._file is not None:
            self._file.begin()
            self._answers = self._file.answers

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Take note."""
        if getattr(message, "session", "") == self._settings.session:
            self._reporter.take(message, now_s)
        return ()

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """Note which turns were cancelled."""
        if order.session == self._settings.session:
            self._reporter.interrupt(order, now_s)
        return ()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Report what is over; leave when all that was asked for is done."""
        for finished in self._reporter.due(now_s):
            self._answers += finished.answered
            self._last = finished.report
            yield Out("turn_report", finished.report)
            if self._file is not None:
                self._file.add(finished.report)
        if self._settings.turns and not self.finished:
            self._leave_when_done(now_s)

    def status(self) -> Mapping[str, str]:
        """Answers so far and the last delay."""
        values = {"answers": str(self._answers)}
        if self._last is not None and math.isfinite(self._last.first_sound_ms):
            values["first_sound_ms"] = f"{self._last.first_sound_ms:.0f}"
        return values

    def _leave_when_done(self, now_s: float) -> None:
        news_s = self._reporter.news_s if self._reporter.news_s is not None else now_s
        self._reporter.news_s = news_s
        quiet = self._settings.leave_after_s > 0 and now_s - news_s > self._settings.leave_after_s
        if self._leave_s is None and self._answers >= self._settings.turns:
            self._leave_s = now_s + self._settings.linger_s
        self.finished = (self._leave_s is not None and now_s >= self._leave_s) or (quiet and not self._reporter.busy)


def build(settings: MonitorSettings) -> Stage:
    """The stage; the monitor has no backends."""
    return MonitorStage(settings)
