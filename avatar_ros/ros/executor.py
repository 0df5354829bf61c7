"""An executor that waits on the same things again and again without listing them anew for each message.

rclpy's SingleThreadedExecutor builds its wait set before each message, from all timers, services, subscriptions and
events of its nodes: with eleven nodes at 30 to 60 messages a second that took 30 % of a core, a third of all that an
idle kiosk took. (rclpy.experimental.EventsExecutor is quicker still, but locked up while a subscription was being
made.)
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from rclpy.context import Context
from rclpy.event_handler import EventHandler
from rclpy.exceptions import InvalidHandle
from rclpy.executors import (
    ConditionReachedException,
    ExternalShutdownException,
    ShutdownException,
    SingleThreadedExecutor,
    TimeoutException,
    TimeoutObject,
)
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.subscription import Subscription
from rclpy.utilities import timeout_sec_to_nsec

#: DDS events (an incompatible QoS) are told in a log line, which has time; to look for them costs a millisecond or two.
EVENTS_PERIOD_S = 5.0
#: Messages of one subscription, and callbacks of other kinds, that are served before the others have their turn.
_MOST_AT_ONCE = 64
_LONGEST_SPIN_S = 10.0


class LeanExecutor(SingleThreadedExecutor):
    """Serves timers and subscriptions with plain callbacks itself; whatever else is ready (services, clients, actions),
    as its base class does.

    The things it waits for are held until something was made or destroyed: so none of them vanishes while it waits.
    """

    def __init__(self, *, context: Context | None = None) -> None:
        super().__init__(context=context)
        self._stale = True
        self._held = ExitStack()
        self._spinning = threading.RLock()
        self._wait_set: Any = None
        self._entities: dict[str, dict[int, Any]] = {}  # kind -> address of what DDS knows -> entity
        self._handles: list[tuple[str, list[Any]]] = []
        #: Subscriptions whose messages do not end a wait: they are taken after it, whatever ended it.
        self.drowsy: Callable[[], Iterable[Any]] = tuple
        self._asleep: frozenset[int] = frozenset()
        self._actions: list[Any] = []
        self._events_due_s = 0.0

    def wake(self) -> None:
        """Something was made or destroyed."""
        self._stale = True
        super().wake()

    def add_node(self, node: Any) -> bool:
        """See Executor.add_node."""
        added = super().add_node(node)
        self._stale = True
        return added

    def remove_node(self, node: Any) -> None:
        """See Executor.remove_node."""
        super().remove_node(node)
        self.wake()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """See Executor.shutdown."""
        done = super().shutdown(timeout_sec)
        # Another thread may still wait on this wait set; it was triggered by super() and returns soon.
        free = self._spinning.acquire(timeout=_LONGEST_SPIN_S if timeout_sec is None else timeout_sec)
        if free:
            self._let_go()
            self._spinning.release()
        return done and free

    def _spin_once_impl(
        self,
        timeout_sec: float | TimeoutObject | None = None,
        wait_condition: Callable[[], bool] = lambda: False,
    ) -> None:
        with self._spinning:
            if self._under_way():
                super()._spin_once_impl(timeout_sec, wait_condition)
            elif not self._context.ok():
                raise ExternalShutdownException
            elif not self._is_shutdown:
                self._spin_lean(timeout_sec)

    def _under_way(self) -> bool:
        """Whether coroutines wait to go on, which the base class sees to. It keeps what is done until it looks."""
        if self._tasks:
            with self._tasks_lock:
                self._tasks = [one for one in self._tasks if not one[0].done()]
        return bool(self._tasks)

    def _spin_lean(self, timeout_sec: float | TimeoutObject | None) -> None:
        if self._stale:
            self._hold()
        if self._is_shutdown:  # just now, by another thread: nothing is left that could wake us
            return
        self._wait(timeout_sec.timeout if isinstance(timeout_sec, TimeoutObject) else timeout_sec)
        if self._is_shutdown:
            return
        if not self._context.ok():
            raise ExternalShutdownException
        if self._serve() or time.monotonic() >= self._events_due_s:
            self._serve_others()
            self._events_due_s = time.monotonic() + EVENTS_PERIOD_S

    # --- what is waited for --------------------------------------------------------------------------------------

    def _hold(self) -> None:
        self._let_go()
        self._stale = False  # before looking: what changes meanwhile is looked at again
        nodes = self.get_nodes()
        found: dict[str, list[Any]] = {
            "guard_condition": [
                *(own for own in (self._guard, self._sigint_gc) if own is not None),
                *(guard for node in nodes for guard in node.guards),
            ],
            "timer": [timer for node in nodes for timer in node.timers],
            "subscription": [subscription for node in nodes for subscription in node.subscriptions],
            "service": [service for node in nodes for service in node.services],
            "client": [client for node in nodes for client in node.clients],
        }
        held = {kind: [one for one in all_ if self._enter(one)] for kind, all_ in found.items()}
        self._entities = {kind: {one.handle.pointer: one for one in ones} for kind, ones in held.items()}
        self._handles = [(f"add_{kind}", [one.handle for one in ones]) for kind, ones in held.items()]
        actions = [one for node in nodes for one in node.waitables if not isinstance(one, EventHandler)]
        self._actions = [one for one in actions if self._enter(one, one)]
        inner = [one.get_num_entities() for one in self._actions]
        assert self._context.handle is not None
        self._held.enter_context(self._context.handle)
        count = {kind: len(held) for kind, held in self._entities.items()}
        self._wait_set = _rclpy.WaitSet(
            count["subscription"] + sum(one.num_subscriptions for one in inner),
            count["guard_condition"] + sum(one.num_guard_conditions for one in inner),
            count["timer"] + sum(one.num_timers for one in inner),
            count["client"] + sum(one.num_clients for one in inner),
            count["service"] + sum(one.num_services for one in inner),
            0,
            self._context.handle,
        )

    def _enter(self, entity: Any, held: Any = None) -> bool:
        try:
            self._held.enter_context(entity.handle if held is None else held)
        except InvalidHandle:
            return False
        return True

    def _let_go(self) -> None:
        self._stale, self._entities, self._handles, self._actions, self._wait_set = True, {}, [], [], None
        self._held.close()

    def _wait(self, timeout_s: float | None) -> None:
        wait_set = self._wait_set
        wait_set.clear_entities()
        self._asleep = frozenset(one.handle.pointer for one in self.drowsy())
        for add_kind, handles in self._handles:
            add = getattr(wait_set, add_kind)
            for handle in handles:
                if handle.pointer not in self._asleep:
                    add(handle)
        for action in self._actions:
            action.add_to_wait_set(wait_set)
        wait_set.wait(timeout_sec_to_nsec(timeout_s))

    def _ready(self, kind: str, also: Iterable[int] = ()) -> list[Any]:
        pointers = [*self._wait_set.get_ready_entities(kind), *also]
        entities = self._entities[kind]
        # In the order of the entities: `state` is read before what it announces.
        return [entities[one] for one in entities if one in pointers] if pointers else []

    # --- what is ready -------------------------------------------------------------------------------------------

    def _serve(self) -> bool:
        """Call timers and subscriptions; whether something else is ready."""
        guards = [guard for guard in self._ready("guard_condition") if guard is not self._guard]
        for guard in guards:
            guard._executor_triggered = True  # the base class triggers it again, to find it itself
        actions = [one for one in self._actions if one.is_ready(self._wait_set)]
        others = bool(guards or actions or self._ready("service") or self._ready("client"))
        timers, subscriptions = self._ready("timer"), self._ready("subscription", self._asleep)
        for timer in timers:
            if inspect.iscoroutinefunction(timer.callback):
                others = True
            elif timer.handle.is_timer_ready():  # it may have been cancelled since
                timer.handle.call_timer()
                timer.callback()
        for subscription in subscriptions:
            others |= not self._take_all(subscription)
        return others

    def _take_all(self, subscription: Any) -> bool:
        """Every message that has arrived. False for callbacks that the base class knows how to call."""
        plain = subscription._callback_type is Subscription.CallbackType.MessageOnly
        if not plain or inspect.iscoroutinefunction(subscription.callback):
            return False
        for _ in range(_MOST_AT_ONCE):
            taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
            if taken is None:
                return True
            subscription.callback(taken[0])
        return True

    def _serve_others(self) -> None:
        """All that is ready now, in the base class's way."""
        for _ in range(_MOST_AT_ONCE):
            try:
                handler, *_ = self.wait_for_ready_callbacks(0.0, None, _never)
            except (ConditionReachedException, ShutdownException, TimeoutException):
                break
            try:
                handler()
            except InvalidHandle:  # it wakes the executor when it is done, which another thread may have shut down
                if not self._is_shutdown:
                    raise
                break
            handler.result()
        self._cb_iter = None  # it holds a wait set


def _never() -> bool:
    """One function, so that the base class sees the same arguments and gives each kind its turn."""
    return False
