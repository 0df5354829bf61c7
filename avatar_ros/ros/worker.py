"""Runs a stage on one worker thread: messages, orders and ticks in, what it yields out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Set
from functools import partial
from typing import NamedTuple

from ..core.cancellation import CancelGate
from ..core.clock import Clock
from ..core.enums import InterruptAction, SessionKind
from ..core.events import Interrupt, SessionEvent
from ..core.peers import PeerNews
from ..core.queues import FairQueue
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import LOCAL_SESSION
from . import qos
from .guard import guarded

#: A stage that ticks by wake alone is still looked at this often.
IDLE_WAIT_S = 0.5
#: A tick that is due lets queued messages go first, for this long or for as long as the last tick took: the face that
#: is drawn is that of the newest news, and a stage whose ticks take all its time (a slow renderer) keeps up.
HOLD_TICK_S = 0.05


class _Item(NamedTuple):
    topic: str
    message: Message | PeerNews | None  # None: wake() was called


class StageWorker:
    """One thread, one stage, one queue, in which each topic of each session has a lane.

    publish(Out) is called on the worker thread; report(error) is called with whatever the stage raised, and the
    thread goes on. A CANCEL takes effect at once, on the caller's thread: work under way stops at its next yield.
    """

    def __init__(
        self,
        stage: Stage,
        publish: Callable[[Out], None],
        report: Callable[[Exception], None],
        clock: Clock,
        queue_limit: int,
        own_sessions: Set[str] = frozenset({LOCAL_SESSION}),
    ) -> None:
        self._stage = stage
        self._publish = publish
        self._report = report
        self._clock = clock
        self._queue: FairQueue[_Item] = FairQueue(queue_limit)
        self._own_sessions = own_sessions
        self._gate = CancelGate()
        self._awake = threading.Event()
        self._stopping = False
        self._next_tick_s = 0.0
        self._tick_took_s = 0.0
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)
        self._items = 0
        self._working = False
        self.busy_s = 0.0
        stage.wake = self.wake

    @property
    def dropped(self) -> int:
        """Messages lost to a full queue so far."""
        return self._queue.dropped

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def begun(self) -> int | None:
        """Number of the piece of work at hand; None between two."""
        return self._items if self._working else None

    @property
    def native_id(self) -> int | None:
        """The kernel's name of its thread."""
        return self._thread.native_id

    def start(self) -> None:
        """Begin to work; the first tick is due at once."""
        self._next_tick_s = self._clock.now_s()
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Finish the item at hand and end. False where the stage did not come back within `timeout_s`."""
        self._stopping = True
        self._queue.close()
        if self._thread.ident is not None:  # else it never began
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def push(self, topic: str, message: Message) -> None:
        """Queue a message; orders overtake what is queued."""
        session = getattr(message, "session", LOCAL_SESSION)
        own = session in self._own_sessions
        if isinstance(message, Interrupt):
            self.cancel(message)
            if message.action is InterruptAction.CANCEL:
                self._stage.abort(message)
            self._queue.put_urgent(_Item(topic, message), session, own=own)
        elif self._stage.heeds(topic, message) and not self._gate.is_cancelled(message):
            self._stage.foresee(topic, message, self._clock.now_s())
            self._queue.put(_Item(topic, message), (topic, session), own=own, most=qos.depth(topic))

    def tell(self, news: PeerNews) -> None:
        """Queue news of another node."""
        self._queue.put(_Item("", news))

    def cancel(self, order: Interrupt) -> None:
        """Let a CANCEL take effect on what is queued and under way."""
        self._gate.order(order)

    def wake(self) -> None:
        """Have `tick` called now. Many calls before that tick count as one."""
        if not self._awake.is_set():
            self._awake.set()
            self._queue.put_urgent(_Item("", None))

    def _run(self) -> None:
        while not self._stopping:
            item = self._queue.get(self._wait_s())
            if self._stopping:
                return
            self._items, self._working = self._items + 1, True
            started_s = time.thread_time()
            self._serve(item)
            now_s = self._clock.now_s()
            if self._tick_due(now_s):
                self._safely(partial(self._stage.tick, now_s))
                self._tick_took_s = self._clock.now_s() - now_s
            self.busy_s += time.thread_time() - started_s
            self._working = False

    def _serve(self, item: _Item | None) -> None:
        """The item and those that wait behind it, until a tick is asked for, or has been held long enough."""
        until_s = self._clock.now_s() + max(HOLD_TICK_S, self._tick_took_s)
        while item is not None and item.message is not None and not self._stopping:
            self._safely(partial(self._take, item.topic, item.message))
            hold = len(self._queue) > 0 and self._clock.now_s() < until_s
            item = self._queue.get(0.0) if hold else None

    def _wait_s(self) -> float:
        if not self._stage.tick_period_s:
            return IDLE_WAIT_S
        return max(0.0, self._next_tick_s - self._clock.now_s())

    def _tick_due(self, now_s: float) -> bool:
        if self._awake.is_set():
            self._awake.clear()
            return True
        period_s = self._stage.tick_period_s
        if not period_s or now_s < self._next_tick_s:
            return False
        # Keep the beat; after a stall start a new one rather than hurry after the lost ticks.
        self._next_tick_s = max(self._next_tick_s + period_s, now_s)
        return True

    def _take(self, topic: str, message: Message | PeerNews) -> Iterable[Out]:
        now_s = self._clock.now_s()
        if isinstance(message, PeerNews):
            return self._stage.peer(message, now_s)
        if isinstance(message, Interrupt):
            return self._stage.interrupt(message, now_s)
        if isinstance(message, SessionEvent):
            if message.kind is SessionKind.CLOSED:
                self._gate.forget(message.session)
            return self._stage.session(message, now_s)
        if self._gate.is_cancelled(message):
            return ()
        return self._stage.push(topic, message, now_s)

    def _safely(self, work: Callable[[], Iterable[Out]]) -> None:
        guarded(partial(self._drain, work), self._report)

    def _drain(self, work: Callable[[], Iterable[Out]]) -> None:
        for out in work():
            if not self._gate.is_cancelled(out.message):
                self._publish(out)
