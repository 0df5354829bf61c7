"""The lifecycle node that runs a stage: parameters in, topics wired by the stage's Port, faults reported.

configure builds the stage and loads its model, activate starts its worker, cleanup frees it. With `autostart` (the
default) the node brings itself up. A ConfigError ends the process with exit code 2 and one line; see bringup/runner.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from ..core.clock import SteadyClock
from ..core.errors import AvatarRosError
from ..core.events import AvatarState, Interrupt
from ..core.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_OK, EXIT_UNFINISHED, exit_code_of
from ..core.machine import machine_fault
from ..core.settings import Settings
from ..core.stage import Out, Port, Stage
from ..core.topics import TOPICS
from ..core.types import LOCAL_SESSION
from . import convert, qos, readers
from .backend_options import Registries
from .diagnostics import Diagnostics, seldom
from .executor import LeanExecutor
from .guard import guarded
from .intake import Intake
from .overrides import Overrides
from .peers import Peers
from .settings_node import SettingsNode
from .watchdog import Watchdog, thread_s
from .worker import StageWorker

#: How long a worker may take to end before the process leaves without it; Ctrl-C must be done within 3 s.
STOP_TIMEOUT_S = 2.0
CONNECT_POLL_S = 0.1
#: What a node says while it ends, and how long it waits for that to arrive, s.
LAST_WORDS, LAST_WORDS_S = frozenset({"say_result"}), 0.3
#: A signal is noticed within this time.
SPIN_S = 0.1

SettingsByPrefix = Mapping[str, Any]  # prefix -> its Settings; the builder knows which class it asked for


@dataclass(frozen=True)
class NodeSpec:
    """All that distinguishes one stage node from another.

    groups: Settings classes by parameter prefix; registries: the backends that they choose among, by the same prefix;
    build: makes the stage from their values, with the backends' own options under prefix + "own" (and from the node,
    where a stage needs something of ROS's own, such as image publishers).
    """

    name: str
    port: Port
    groups: Mapping[str, type[Settings]]
    build: Callable[[SettingsByPrefix, LifecycleNode], Stage]
    registries: Registries = field(default_factory=dict)


class StageNode(SettingsNode):
    """See the module's text. exit_code: None while running, else what the process should exit with."""

    def __init__(self, spec: NodeSpec, overrides: Overrides | None = None) -> None:
        """Overrides: what the process's arguments say. Raises ConfigError for a parameter that is not the node's."""
        super().__init__(spec.name, spec.groups, spec.registries, overrides or Overrides())
        self.exit_code: int | None = None
        self.greeting = ""  # said once, when the configuration is known to be good
        self.failure = ""  # what its stage could not do to the end
        self._spec = spec
        self._steady = SteadyClock()
        # Timers of the node's own clock would stand still where use_sim_time is set and nobody publishes /clock.
        self._timer_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._seldom = seldom()
        self._stage: Stage | None = None
        self._worker: StageWorker | None = None
        self._peers: Peers | None = None
        self._publishers_by_topic: dict[str, Any] = {}
        self._subscribers: list[Any] = []
        self._errors = 0
        self._last_error = ""
        self._told_faults = (0, 0)
        self._seen = (0.0, 0.0)
        self.beats = 0  # rounds of the executor
        if self.own.nice:
            os.nice(self.own.nice)  # of this thread and those that it will start: the stage's, not DDS's, which run
        self._diagnostics = Diagnostics(self)
        self.create_timer(1.0, self._publish_status, clock=self._timer_clock)
        if self.own.autostart:
            self._autostart = self.create_timer(0.0, self._bring_up, clock=self._timer_clock)

    @property
    def finished(self) -> bool:
        """Whether the stage has done all it was asked to do."""
        return self._stage is not None and self._stage.finished

    @property
    def stuck_limit_s(self) -> float:
        return self.own.stuck_limit_s

    def begun(self) -> Mapping[str, int | None]:
        """For the watchdog: while active, what the stage is at, and which round of the executor this is."""
        worker = self._worker
        if worker is None:
            return {}
        return {"the stage": worker.begun, "the executor": self.beats}

    def used_s(self, name: str) -> float:
        """For the watchdog: processor time of what `begun` names, s."""
        worker = self._worker
        return thread_s(worker.native_id if worker is not None and name == "the stage" else os.getpid())

    # --- lifecycle -----------------------------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build the stage, load its model, create publishers and subscriptions."""
        # rclpy swallows what a transition raises; a node that says nothing and does nothing would stay for ever.
        done = guarded(self._configure, self._fail)
        if done and self.greeting:
            self.get_logger().info(self.greeting)
            self.greeting = ""
        return TransitionCallbackReturn.SUCCESS if done else TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to queue what comes, and to work once somebody reads the results; the model is loaded already."""
        assert self._stage is not None
        self._worker = StageWorker(
            self._stage, self._publish, self._report, self._steady, self.own.queue_limit, self._intake.own_sessions
        )
        self._connect_by_s = self._steady.now_s() + self.own.connect_wait_s
        self._connecting = self.create_timer(CONNECT_POLL_S, self._start_when_connected, clock=self._timer_clock)
        self._start_when_connected()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the worker and let go of devices; the model stays loaded."""
        self._stop_worker()
        guarded(self._rest, self._report)
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the topics."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    def release(self) -> None:
        """Stop the worker, close the stage, drop its topics. Safe to call twice."""
        working = self._worker is not None
        self._stop_worker()
        if working and LAST_WORDS.intersection(self._spec.port.publishes):
            guarded(self._rest, self._report)
        if self._stage is not None:
            self._stage.close()
            self.failure = self.failure or self._stage.failure
            self._stage = None
        for subscriber in self._subscribers:
            self.destroy_subscription(subscriber)
        for publisher in self._publishers_by_topic.values():
            self.destroy_publisher(publisher)
        self._subscribers.clear()
        self._publishers_by_topic.clear()

    def _configure(self) -> None:
        settings = self.read_settings()
        self._stage = self._spec.build(settings, self)
        sessions = {LOCAL_SESSION} | {str(getattr(group, "session", LOCAL_SESSION)) for group in settings.values()}
        self._intake = Intake(self, sessions, self.own.session_limit)
        self._stage.load()
        self._connect()
        if self._stage.awaits_conversation:
            self._stage.missing = frozenset(readers.STEPS)
            self._awaiting = self.create_timer(CONNECT_POLL_S, self._await_conversation)

    # --- wiring --------------------------------------------------------------------------------------------------

    def _bring_up(self) -> None:
        self._autostart.cancel()
        started_s = time.monotonic()
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() is not TransitionCallbackReturn.SUCCESS:
                self.exit_code = self.exit_code or EXIT_FAILED
                return
        self.get_logger().info(f"ready after {time.monotonic() - started_s:.2f} s")

    def _start_when_connected(self) -> None:
        missing = set[str]().union(
            *(readers.missing(self, topic, publisher) for topic, publisher in self._publishers_by_topic.items())
        )
        if self._worker is not None and missing and self._steady.now_s() < self._connect_by_s:
            return
        if missing:
            self.get_logger().info(f"does not wait longer for {', '.join(sorted(missing))}: works all the same")
        self.destroy_timer(self._connecting)
        if self._worker is not None and self._stage is not None:
            self._worker.start()
            self._peers = Peers(self, self._stage.waits_for, self._steady, self._worker.tell, self._hears)

    def _hears(self) -> bool:
        """Whether somebody gives each part of the conversation's own stream that is taken."""
        return all(one.get_publisher_count() for one in self._subscribers if readers.in_stream(self, one.topic_name))

    def _await_conversation(self) -> None:
        if self._stage is not None:
            self._stage.missing = readers.missing_steps(self)
        if self._stage is None or not self._stage.missing:
            self.destroy_timer(self._awaiting)

    def _connect(self) -> None:
        for topic in self._spec.port.publishes:
            kind = convert.msg_type(TOPICS[topic])
            self._publishers_by_topic[topic] = self.create_publisher(kind, topic, qos.for_topic(topic))
        assert self._stage is not None
        # `state` first: of what has arrived together, it is read first, and the others are believed at once.
        for topic in dict.fromkeys(("state", "interrupt", "session", *self._spec.port.subscribes)):
            own = topic in self._spec.port.publishes and topic not in self._spec.port.subscribes
            if own or topic in self._stage.unread:
                continue  # the owner of states and sessions needs no news of its own
            kind = convert.msg_type(TOPICS[topic])
            take = partial(self._take, topic)
            self._subscribers.append(self.create_subscription(kind, topic, take, qos.for_topic(topic)))

    def _take(self, topic: str, msg: Any) -> None:
        for entry in self._intake.take(topic, msg, self._steady.now_s()):  # the state counts while inactive, too
            if self._worker is not None and (entry.topic != "state" or "state" in self._spec.port.subscribes):
                self._worker.push(*entry)

    def _publish(self, out: Out) -> None:
        publisher = self._publishers_by_topic.get(out.topic)
        if publisher is None or not self.context.ok():
            return
        if isinstance(out.message, Interrupt) and self._worker is not None:
            self._worker.void(out.message)
        if isinstance(out.message, AvatarState):
            self._intake.announce(out.message)
        publisher.publish(convert.to_msg(out.message, time.time_ns()))

    def _rest(self) -> None:
        if self._stage is not None:
            for out in self._stage.deactivate(self._steady.now_s()):
                self._publish(out)
                if out.topic in LAST_WORDS:
                    self._publishers_by_topic[out.topic].wait_for_all_acked(Duration(seconds=LAST_WORDS_S))

    def _stop_worker(self) -> None:
        if self._peers is not None:
            self._peers.close()
            self._peers = None
        if self._worker is None:
            return
        if not self._worker.stop(STOP_TIMEOUT_S):
            self.get_logger().error(f"the stage did not stop within {STOP_TIMEOUT_S} s")
        self._worker = None

    # --- faults and status ---------------------------------------------------------------------------------------

    def _fail(self, raised: Exception) -> None:
        error = machine_fault(raised) or raised
        self.get_logger().fatal(_text(error))
        if not isinstance(error, AvatarRosError):
            self.get_logger().fatal("".join(traceback.format_exception(error)))
        if self.own.autostart:
            self.exit_code = exit_code_of(error)

    def _report(self, raised: Exception) -> None:
        error = machine_fault(raised) or raised
        self._errors += 1
        self._last_error = _text(error)
        # A tick that fails at 30 Hz must not roll the log over: the same fault is told every few seconds.
        self.get_logger().error(self._last_error, **self._seldom)
        if not isinstance(error, AvatarRosError):
            self.get_logger().error("".join(traceback.format_exception(error)), **self._seldom)

    def _publish_status(self) -> None:
        values = {"state": self._state_machine.current_state[1]}
        if self._stage is not None and self._worker is not None:
            for entry in self._intake.tick(self._steady.now_s()):
                self._worker.push(*entry)
            values |= self._worker_values(self._worker) | self._intake.values()
            values |= self._peers.status() if self._peers is not None else {}
            values |= {key: str(value) for key, value in self._stage.status().items()}
        self._add_faults(values)
        if self._last_error:
            values["last_error"] = self._last_error
        self._diagnostics.publish(values)

    def _add_faults(self, values: dict[str, str]) -> None:
        """Faults since the last status make it a warning."""
        dropped = self._worker.dropped if self._worker is not None else 0
        faults = (self._errors, dropped)
        fault = self._last_error or f"{dropped} messages dropped: the queue is full"
        news = [fault] if faults != self._told_faults else []
        if self._worker is not None:
            news += self._intake.news()
        if news and not values.get("error"):
            values["warning"] = "; ".join(filter(None, (values.get("warning", ""), *news)))
        self._told_faults = faults

    def _worker_values(self, worker: StageWorker) -> dict[str, str]:
        now_s, busy_s = self._steady.now_s(), worker.busy_s
        seen_s, seen_busy_s = self._seen
        self._seen = (now_s, busy_s)
        return {
            "queued": str(worker.queued),
            "dropped": str(worker.dropped),
            "errors": str(self._errors),
            "busy_percent": f"{100 * (busy_s - seen_busy_s) / max(now_s - seen_s, 1e-3):.0f}",
        }


def spin(node: StageNode, stop_asked: Callable[[], bool]) -> int:
    """Serve the node until it is done, has failed, or is told to stop; the process's exit code."""
    executor = LeanExecutor()
    executor.add_node(node)
    dog = Watchdog(node.begun, node.stuck_limit_s, partial(_leave, node), node.used_s)
    if node.stuck_limit_s:
        dog.start()
    try:
        while node.exit_code is None and not node.finished and not stop_asked():
            node.beats += 1
            executor.spin_once(timeout_sec=SPIN_S)
        done = node.finished
    finally:
        dog.stop()
        node.release()
        executor.shutdown(timeout_sec=0.5)
    if node.failure:
        node.get_logger().fatal(node.failure)
        return node.exit_code or EXIT_UNFINISHED
    return node.exit_code or (EXIT_DONE if done else EXIT_OK)


def _leave(node: StageNode, what: str) -> None:
    """End the process without asking what stands still to end: it would not."""
    print(
        f"[FATAL] [{node.get_name()}]: stuck: {what} has been at the same work for {node.stuck_limit_s:g} s; the node "
        "ends, so that it can be started again",
        file=sys.stderr,
        flush=True,
    )
    os._exit(EXIT_FAILED)


def _text(error: Exception) -> str:
    return f"{getattr(error, 'code', type(error).__name__)}: {error}"
