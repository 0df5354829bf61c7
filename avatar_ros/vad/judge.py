"""Asks the turn detector without ever keeping the microphone's sound waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..core.arrays import Pcm
from ..core.queues import Latest
from .base import TurnDetector


class Verdict(NamedTuple):
    """Which question it answers, and the probability that the user is done; None: nobody can tell."""

    number: int
    probability: float | None


class Judge(Protocol):
    """One question at a time of all sessions: a newer one takes an older one's place."""

    def ask(self, number: int, sound: Pcm, now_s: float) -> None:
        """Begin to judge `sound` (TurnDetector.probability); never waits."""

    def verdicts(self, now_s: float) -> list[Verdict]:
        """What was found since the last call."""

    def close(self) -> None:
        """End."""


class ThreadJudge:
    """Judge on a thread of its own. wake: called from it when a verdict has come.

    A detector that fails says nothing: words and silence decide.
    """

    def __init__(self, detector: TurnDetector, wake: Callable[[], None]) -> None:
        self._detector = detector
        self._wake = wake
        self._questions: Latest[tuple[int, Pcm]] = Latest()
        self._found: list[Verdict] = []
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="turn", daemon=True)
        self._thread.start()

    def ask(self, number: int, sound: Pcm, now_s: float) -> None:
        """See Judge."""
        self._questions.put((number, sound))

    def verdicts(self, now_s: float) -> list[Verdict]:
        """See Judge."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def close(self) -> None:
        """See Judge; a judgement under way is not waited for."""
        self._closing = True
        self._questions.close()

    def _run(self) -> None:
        while not self._closing:
            if (question := self._questions.take(_LOOK_S)) is None:
                continue
            number, sound = question
            verdict = Verdict(number, self._detector.probability(sound))
            with self._lock:
                self._found.append(verdict)
            self._wake()


#: How often the thread looks whether it is to end, s.
_LOOK_S = 0.5


class DirectJudge:
    """Judge for a virtual clock: judges at once, and tells it after `latency_s`, as a thread would."""

    def __init__(self, detector: TurnDetector, latency_s: float = 0.0) -> None:
        self._detector = detector
        self._latency_s = latency_s
        self._due: tuple[float, Verdict] | None = None

    def ask(self, number: int, sound: Pcm, now_s: float) -> None:
        """See Judge."""
        self._due = (now_s + self._latency_s, Verdict(number, self._detector.probability(sound)))

    def verdicts(self, now_s: float) -> list[Verdict]:
        """See Judge."""
        if self._due is None or self._due[0] > now_s:
            return []
        (_, verdict), self._due = self._due, None
        return [verdict]

    def close(self) -> None:
        """Nothing to end."""
