"""A RecognitionStream on a thread of its own, so that its work runs beside that of another recogniser."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future, wait
from threading import Lock

import numpy as np

from ..core.arrays import Pcm
from .base import Hypothesis, RecognitionStream

#: PocketSphinx keeps the interpreter's lock while it works: the other one's features are made before it begins.
HEAD_START_S = 0.02


class BackgroundStream:
    """A RecognitionStream. What the other one raises is raised by a later call.

    What has come in while it worked it is given at once: a pause that is over by then needs no words of its own.

    worker: runs one piece of work at a time, in order; shared by the streams of a recogniser.
    """

    def __init__(self, stream: RecognitionStream, worker: Executor) -> None:
        self._stream = stream
        self._worker = worker
        self._given: deque[Future[None]] = deque()
        self._waiting: list[Pcm] = []  # handed over, not yet begun
        self._lock = Lock()
        self._partial = Hypothesis()
        self._dropped = False

    def accept(self, pcm: Pcm) -> None:
        """Hand over the next sound; returns at once, or a moment later where it takes work."""
        while self._given and self._given[0].done():
            self._given.popleft().result()
        idle = not self._given
        with self._lock:
            self._waiting.append(pcm)
        self._given.append(self._worker.submit(self._take))
        if idle:
            wait(self._given, HEAD_START_S)

    def partial(self) -> Hypothesis:
        """The newest hypothesis that is known: of the sound up to the last that has been worked through."""
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

    def _take(self) -> None:
        """On the worker's thread: the sound that waits, and, where no more of it has come since, the words so far."""
        with self._lock:
            sound, self._waiting = self._waiting, []
        if self._dropped or not sound:
            return
        self._stream.accept(np.concatenate(sound))
        if not self._waiting:
            self._partial = self._stream.partial()
