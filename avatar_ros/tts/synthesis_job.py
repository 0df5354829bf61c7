"""The synthesis of one sentence, polled without waiting: on the stage's own thread, or on one of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from .base import Part
from .cancel_token import CancelToken
from .error_capture import ErrorCapture

#: After this much sound the thread rests once, s: to decode the rest at once would keep the processor, and this
#: process's interpreter, from the first lips, which the first sound waits for.
_FIRST_S, _REST_S = 0.4, 0.03


class SynthesisJob(Protocol):
    """A synthesis under way."""

    @property
    def done(self) -> bool:
        """No part will come any more."""

    def poll(self) -> Part | None:
        """The next part, or None where none is ready now. Raises what ended the synthesis, once, whatever it is."""

    def cancel(self) -> None:
        """Do no more work."""


class DirectJob:
    """For voices that are much faster than real time: the work is done when it is asked for."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self.done = False

    def poll(self) -> Part | None:
        """Synthesize the next part."""
        if self.done:
            return None
        self.done = True  # if this raises
        part = next(self._parts, None)
        self.done = part is None
        return part

    def cancel(self) -> None:
        """Do no more work."""
        self.done = True


class ThreadJob:
    """For voices that wait for a service. `wake` is called whenever a part, the end or an error has come.

    stop: the token that tells the voice of a `cancel`.
    """

    def __init__(self, parts: Iterator[Part], wake: Callable[[], None], stop: CancelToken) -> None:
        self._wake = wake
        self._stop = stop
        self._ready: deque[Part] = deque()
        self._captured = ErrorCapture()
        self._finished = False
        # `parts` is the thread's alone: when it ends, so does what they hold open
        threading.Thread(target=self._run, args=(parts,), name="tts", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether everything was synthesized, taken, and no error waits to be raised."""
        return self._stop.cancelled or (self._finished and not self._ready and self._captured.error is None)

    def poll(self) -> Part | None:
        """The next part, if it has come."""
        if self._ready:
            return self._ready.popleft()
        if self._finished and self._captured.error is not None and not self._stop.cancelled:
            error, self._captured.error = self._captured.error, None
            raise error
        return None

    def cancel(self) -> None:
        """Stop at once; what is still coming is dropped."""
        try:
            self._stop.cancel()
        finally:
            self._ready.clear()

    def _run(self, parts: Iterator[Part]) -> None:
        with self._captured:
            self._take(parts)
        self._finished = True
        self._wake()

    def _take(self, parts: Iterator[Part]) -> None:
        given_s, rested = 0.0, False
        for part in parts:
            if self._stop.cancelled:
                return
            self._ready.append(part)
            self._wake()
            given_s += len(part.pcm) / part.sample_rate_hz
            if not rested and given_s >= _FIRST_S:
                rested = True
                time.sleep(_REST_S)
