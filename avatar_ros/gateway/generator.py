"""Processes that make pictures and videos, each with a thread that waits for it, and a bounded queue before them."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass

from ..core.errors import AvatarRosError
from ..core.helper_process import Helper, HelperDeadError

_REQUEST, _RESULT, _PROGRESS = b"G", b"R", b"P"
#: Called from a thread of ours with how many frames are drawn, and of how many.
Told = Callable[[int, int], None]
#: Processor time that a request may take, s, and what it takes as long as nobody has measured.
_LIMIT_S, _USUAL_S = 600.0, 2.0
#: A process that has made nothing yet looks this often whether it may, s.
_LOOK_S = 0.5
#: Each new time counts so much in the mean.
_SHARE = 0.2


@dataclass(frozen=True)
class Job:
    """What is asked for. text: what is said, or what is to be spoken; at_s: None: the widest open mouth."""

    format: str  # jpeg, png, mp4 or json
    avatar: str
    size: str
    fps: float
    text: str
    locale: str
    at_s: float | None
    background: str
    longest_s: float


class QueueFullError(AvatarRosError):
    """Too many wait. retry_after_s: when there will be room."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("busy", "too many requests wait", retryable=True)
        self.retry_after_s = retry_after_s


class FailedError(AvatarRosError):
    """The request cannot be done: code and text are the process's."""


class Generator:
    """module: run as a helper process (core/helper_process.py); waiting: requests that may wait for one of them;
    trial: what each process makes before anybody asks, so that models and avatar are loaded, as soon as may_begin().
    """

    def __init__(
        self,
        module: str,
        workers: int,
        waiting: int,
        trial: Job | None = None,
        may_begin: Callable[[], bool] = lambda: True,
    ) -> None:
        self._module = module
        self._trial, self._may_begin = trial, may_begin
        self._workers = workers
        self._most = workers + waiting
        self._queue: queue.SimpleQueue[tuple[Job, bytes, Future[bytes], Told | None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0
        self._ends = False
        self._running: dict[int, Helper] = {}  # by thread: those that owe an answer
        self._usual_s = _USUAL_S
        self.done = 0
        self.busy = 0
        self._threads = [threading.Thread(target=self._serve, name="generate", daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        return max(0, self._open - self.busy)

    def submit(self, job: Job, data: bytes, told: Told | None = None) -> Future[bytes]:
        """Begin, or wait. The future raises FailedError for what cannot be done. Raises QueueFullError."""
        with self._lock:
            if self._open >= self._most:
                raise QueueFullError(max(1.0, self._usual_s * self._open / max(1, self._workers)))
            self._open += 1
        future: Future[bytes] = Future()
        self._queue.put((job, data, future, told))
        return future

    def close(self) -> None:
        """End the processes; what is under way is lost."""
        with self._lock:
            self._ends = True
            for helper in self._running.values():
                helper.process.kill()  # one that loads its models for half a minute would be waited for
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(1.0)

    def _serve(self) -> None:
        helper: Helper | None = None
        trial = self._trial
        while True:
            try:
                got = self._queue.get(timeout=None if trial is None else _LOOK_S)
            except queue.Empty:
                if trial is not None and self._may_begin():
                    helper, trial = self._work(None, trial, b"", Future(), None), None
                continue
            if got is None:
                break
            job, data, future, told = got
            trial = None
            if future.set_running_or_notify_cancel():
                helper = self._work(helper, job, data, future, told)
            with self._lock:
                self._open -= 1
        if helper is not None:
            helper.close()

    def _work(
        self, helper: Helper | None, job: Job, data: bytes, future: Future[bytes], told: Told | None
    ) -> Helper | None:
        began_s = time.monotonic()
        with self._lock:
            self.busy += 1
        try:
            helper = self._begun(helper)
            helper.send(_REQUEST, json.dumps(asdict(job)).encode() + b"\n" + data, timeout_s=_LIMIT_S)
            kind, reply = helper.receive(_LIMIT_S)
            while kind == _PROGRESS:
                if told is not None:
                    told(*json.loads(reply))
                kind, reply = helper.receive(_LIMIT_S)
        except (HelperDeadError, OSError):
            if helper is not None:
                helper.close()
            helper = None
            future.set_exception(FailedError("failed", "the process that draws has failed; try again"))
        else:
            if job is not self._trial:  # which loads first, and nobody has asked for it
                self.done += kind == _RESULT
                self._usual_s += _SHARE * (time.monotonic() - began_s - self._usual_s)
            self._finish(kind, reply, future)
        with self._lock:
            self.busy -= 1
            self._running.pop(threading.get_ident(), None)
        return helper

    def _begun(self, helper: Helper | None) -> Helper:
        """The process, known to `close` from now on. Raises HelperDeadError where that has been called."""
        with self._lock:
            if self._ends:
                raise HelperDeadError("the server ends")
            helper = self._running[threading.get_ident()] = helper or Helper(self._module)
        return helper

    def _finish(self, kind: bytes, reply: bytes, future: Future[bytes]) -> None:
        if kind == _RESULT:
            future.set_result(reply)
        else:
            told = json.loads(reply)
            future.set_exception(FailedError(str(told["code"]), str(told["error"])))
