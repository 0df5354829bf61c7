"""The monitor as a stage: publishes a report a turn, writes the report file, ends the run after N answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set

from ..core.events import Interrupt, TurnReport
from ..core.stage import Out, Stage
from ..core.topics import Message
from .base import MonitorSettings
from .report import ReportFile
from .reporter import TurnReporter

TICK_S = 0.1
#: Nobody is expected to say anything before all nodes are there, for so long at most.
LONGEST_START_S = 300.0
#: Models of the usual profiles are loaded by then; who is not seen for longer did not start, or is not reached.
UNSEEN_S = 30.0


class MonitorStage(Stage):
    """Takes part in nothing; a kiosk without it talks as well."""

    tick_period_s = TICK_S
    awaits_conversation = True

    def __init__(self, settings: MonitorSettings) -> None:
        super().__init__()
        self._settings = settings
        self._reporter = TurnReporter(settings)
        self._file = ReportFile(settings.report) if settings.report else None
        self._answers = 0
        self._last: TurnReport | None = None
        self._leave_s: float | None = None
        self._began_s: float | None = None
        self._unseen = ""

    def load(self) -> None:
        """Begin the report file, so that a path that cannot be written is known at once."""
        if self._file is not None:
            self._file.begin()
            self._answers = self._file.answers

    def heeds(self, topic: str, message: Message) -> bool:
        """Not faces, frames and sound of which it has noted what there is to note: 150 a second."""
        return self._reporter.heeds(message)

    def drowsy(self) -> Set[str]:
        """Faces, frames and sound while no turn waits for its first."""
        return self._reporter.drowsy()

    def foresee(self, topic: str, message: Message, now_s: float) -> None:
        """A turn that begins will have a first sound."""
        if getattr(message, "session", "") == self._settings.session:
            self._reporter.expect(message)

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
        self._began_s = now_s if self._began_s is None else self._began_s
        late = now_s - self._began_s >= UNSEEN_S
        self._unseen = ", ".join(sorted(self.missing)) if late else ""
        for finished in self._reporter.due(now_s):
            self._answers += finished.answered
            self._last = finished.report
            yield Out("turn_report", finished.report)
            if self._file is not None:
                self._file.add(finished.report)
        if self._settings.turns and not self.finished:
            self._leave_when_done(now_s)

    def status(self) -> Mapping[str, str]:
        """Answers so far, the last delay, and who has never been seen."""
        values = {"answers": str(self._answers)}
        if self._unseen:
            why = "not started, not ready yet, or not reached: docs/network.md"
            values["warning"] = f"not seen within {UNSEEN_S:g} s: {self._unseen} ({why})"
        if self._last is not None and math.isfinite(self._last.first_sound_ms):
            values["first_sound_ms"] = f"{self._last.first_sound_ms:.0f}"
        return values

    def _leave_when_done(self, now_s: float) -> None:
        assert self._began_s is not None
        starting = bool(self.missing) and now_s - self._began_s < LONGEST_START_S
        if self._reporter.news_s is None or starting:
            self._reporter.news_s = now_s
        if self._leave_s is None and self._answers >= self._settings.turns:
            self._leave_s = now_s + self._settings.linger_s
        if self._leave_s is not None:
            self.finished = now_s >= self._leave_s
        elif 0 < self._settings.leave_after_s < now_s - self._reporter.news_s and not self._reporter.busy:
            self.finished, self.failure = True, self._what_is_lacking()

    def _what_is_lacking(self) -> str:
        own, missing = self._settings, ", ".join(sorted(self.missing))
        silence = f"nothing was said for {own.leave_after_s:g} s (an apology for what was not understood is no answer)"
        why = f"{missing} did not come" if missing else silence
        return f"{self._answers} of the {own.turns} answers that were asked for: {why}"


def build(settings: MonitorSettings) -> Stage:
    """The stage; the monitor has no backends."""
    return MonitorStage(settings)
