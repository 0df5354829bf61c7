"""A RecognitionStream on a thread of its own, so that its work runs beside that of another recogniser."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from typing import Any

from ..core.arrays import Pcm
from .base import Hypothesis, RecognitionStream

#: PocketSphinx keeps the interpreter's lock while it works: the other one's features are made before it begins.
HEAD_START_S = 0.02


class BackgroundStream:
    """A RecognitionStream. What the other one raises is raised by a later call.

    worker: runs one piece of work at a time, in order; shared by the streams of a recogniser.
    """

    def __init__(self, stream: RecognitionStream, worker: Executor) -> None:
        self._stream = stream
        self._worker = worker
        self._given: deque[Future[None]] = deque()
        self._asked: Future[Hypothesis] | None = None
        self._partial = Hypothesis()
        self._dropped = False

    def accept(self, pcm: Pcm) -> None:
        """Hand over the next sound; returns at once, or a moment later where it takes work."""
        while self._given and self._given[0].done():
            self._given.popleft().result()
        idle = not self._given
        self._given.append(self._worker.submit(self._unless_dropped, lambda: self._stream.accept(pcm)))
        if idle:
            wait(self._given, HEAD_START_S)

    def partial(self) -> Hypothesis:
        """The newest hypothesis that is known; another one is asked for."""
        if self._asked is not None and self._asked.done():
            self._partial = self._asked.result()
            self._asked = None
        if self._asked is None:
            self._asked = self._worker.submit(self._next_partial)
        return self._partial

    def finish(self) -> Hypothesis:
        """Wait for the final hypothesis."""
        last = self._worker.submit(self._stream.finish)
        while self._given:
            self._given.popleft().result()
        return last.result()

    def abandon(self) -> None:
        """Leave out what has not begun yet; returns at once."""
        self._dropped = True
        self._worker.submit(self._stream.abandon)

    def _next_partial(self) -> Hypothesis:
        return self._partial if self._dropped else self._stream.partial()

    def _unless_dropped(self, work: Callable[[], Any]) -> None:
        if not self._dropped:
            work()
