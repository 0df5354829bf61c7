"""The lifecycle node that runs a stage: parameters in, topics wired by the stage's Port, faults reported.

configure builds the stage and loads its model, activate starts its worker, cleanup frees it. With `autostart` (the
default) the node brings itself up. A ConfigError ends the process with exit code 2 and one line; see bringup/runner.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Set
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from ..core.admission import Entry
from ..core.clock import SteadyClock
from ..core.events import AvatarState, Interrupt
from ..core.exit_codes import EXIT_FAILED, exit_code_of
from ..core.stage import Out, Stage
from ..core.types import LOCAL_SESSION
from . import readers
from .branch import Branches
from .clock_link import ClockLink, gives_times
from .duty_keeper import DutyKeeper, Work
from .guard import guarded
from .intake import Intake
from .node_spec import NodeSpec
from .node_status import NodeStatus
from .overrides import Overrides
from .peers import Peers
from .settings_node import SettingsNode
from .watchdog import thread_s
from .wiring import Wiring
from .worker import StageWorker

#: How long a worker may take to end before the process leaves without it; Ctrl-C must be done within 3 s.
STOP_TIMEOUT_S = 2.0
CONNECT_POLL_S = 0.1
#: What a node says while it ends, and how long it waits for that to arrive, s.
FINAL_TOPICS, FINAL_TIMEOUT_S = frozenset({"say_result"}), 0.3

class StageNode(SettingsNode):
    """exit_code: None while running, else what the process should exit with."""

    def __init__(self, spec: NodeSpec, overrides: Overrides | None = None) -> None:
        """Overrides: what the process's arguments say. Raises ConfigError for a parameter that is not the node's."""
        super().__init__(spec.name, spec.groups, spec.registries, overrides or Overrides())
        self.exit_code: int | None = None
        self.network_line = ""  # said once, when the configuration is known to be good
        self.open_to_others = False  # other hosts may reach it, and have clocks of their own
        self.failure = ""  # what its stage could not do to the end
        self._spec = spec
        self._steady = SteadyClock()
        # Timers of the node's own clock would stand still where use_sim_time is set and /clock is not published.
        self._timer_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._stage: Stage | None = None
        self._worker: StageWorker | None = None
        self._peers: Peers | None = None
        self._clocks: ClockLink | None = None
        self._duty: DutyKeeper | None = None
        self._wiring = Wiring(self, spec.port)
        self._branches = Branches(self, spec.port, self._steady)
        self.rounds = 0  # of the executor
        if self.own.nice:
            os.nice(self.own.nice)  # of this thread and those that it will start: the stage's, not DDS's, which run
        self._status = NodeStatus(self)
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
        return {"the stage": worker.begun, "the executor": self.rounds}

    def used_s(self, name: str) -> float:
        """For the watchdog: processor time of what `begun` names, s."""
        worker = self._worker
        return thread_s(worker.native_id if worker is not None and name == "the stage" else os.getpid())

    # --- lifecycle -----------------------------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build the stage, load its model, create publishers and subscriptions."""
        # rclpy swallows what a transition raises; a node that says nothing and does nothing would stay for ever.
        done = guarded(self._configure, self._fail)
        if done and self.network_line:
            self.get_logger().info(self.network_line)
            self.network_line = ""
        return TransitionCallbackReturn.SUCCESS if done else TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to queue what comes, and to work once the results are read; the model is loaded already."""
        if self.own.duty == "alone":
            self._begin_work()
        else:
            idle = partial(self._intake.is_idle, self._steady.now_s)
            work = Work(self._begin_work, self._end_work, idle, self._wiring.hears_all)
            self._duty = DutyKeeper(self, self._spec.name, work, self.own)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the worker and let go of devices; the model stays loaded."""
        self._close_duty()
        self._rest()
        return super().on_deactivate(state)

    def _begin_work(self) -> None:
        assert self._stage is not None
        if not self._wiring.is_open:
            self._open(self._stage)
        self._worker = StageWorker(
            self._stage,
            self._publish,
            self._status.report,
            self._steady,
            self.own.queue_limit,
            self._intake.own_sessions,
        )
        self._connect_by_s = self._steady.now_s() + self.own.connect_wait_s
        self._connecting = self.create_timer(CONNECT_POLL_S, self._start_when_connected, clock=self._timer_clock)
        self._start_when_connected()

    def _end_work(self) -> None:
        """Another node does the work from now on."""
        self._rest()
        self._wiring.close()

    def _rest(self) -> None:
        self._stop_worker()
        guarded(self._deactivate_stage, self._status.report)

    def _close_duty(self) -> None:
        if self._duty is not None:
            self._duty.close()
            self._duty = None

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and the topics."""
        self.release()
        return TransitionCallbackReturn.SUCCESS

    on_shutdown = on_cleanup

    def release(self) -> None:
        """Stop the worker, close the stage, drop its topics. Safe to call twice."""
        self._close_duty()
        working = self._worker is not None
        self._stop_worker()
        if working and FINAL_TOPICS.intersection(self._spec.port.publishes):
            guarded(self._deactivate_stage, self._status.report)
        if self._stage is not None:
            self._stage.close()
            self.failure = self.failure or self._stage.failure
            self._stage = None
        self._wiring.close()
        self._branches.close()
        if self._clocks is not None:
            self._clocks.close()
            self._clocks = None

    def _configure(self) -> None:
        settings = self.read_settings()
        self._stage = self._spec.build(settings, self)
        sessions = {LOCAL_SESSION} | {str(getattr(group, "session", LOCAL_SESSION)) for group in settings.values()}
        self._clocks = ClockLink(self, gives_times(self._spec.port), self.open_to_others)
        self._intake = Intake(self, sessions, self.own.session_limit, self._clocks)
        self._stage.load()
        if self.own.duty == "alone":
            self._open(self._stage)
        self._branches.open(self._stage, self._push, self.own.session_limit, self.open_to_others)
        if self._stage.awaits_conversation:
            self._stage.missing = frozenset(readers.STEPS)
            self._awaiting = self.create_timer(CONNECT_POLL_S, self._await_conversation, clock=self._timer_clock)

    def _open(self, stage: Stage) -> None:
        self._wiring.open(stage.unread, self._take)
        if stage.offer is not None:
            self._wiring.publish(Out("offer", stage.offer))

    def listen(self, topics: Set[str]) -> None:
        """Subscribe to these of the stage's topics on demand. To be called on the executor's thread."""
        self._wiring.listen(topics)

    def drowsy(self) -> list[Any]:
        """See Stage.drowsy."""
        return self._wiring.subscriptions(self._stage.drowsy() if self._stage is not None else ())

    def hears(self, topic: str) -> bool:
        """Whether a topic on demand is heard by now."""
        return self._wiring.hears(topic)

    # --- wiring --------------------------------------------------------------------------------------------------

    def _bring_up(self) -> None:
        self._autostart.cancel()
        started_s = time.monotonic()
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() is not TransitionCallbackReturn.SUCCESS:
                self.exit_code = self.exit_code or EXIT_FAILED
                return
        self.get_logger().info(f"ready after {time.monotonic() - started_s:.2f} s")
        if self._stage is not None and self._stage.can_do:
            self.get_logger().info(self._stage.can_do)

    def _start_when_connected(self) -> None:
        missing = self._wiring.missing_readers(frozenset(self.own.absent_nodes))
        if self._worker is not None and missing and self._steady.now_s() < self._connect_by_s:
            return
        if missing:
            self.get_logger().info(f"does not wait longer for {', '.join(sorted(missing))}: works all the same")
        self.destroy_timer(self._connecting)
        if self._worker is not None and self._stage is not None:
            self._worker.start()
            if self._duty is None:
                self._peers = Peers(self, self._stage, self._steady, self._worker.tell, self._wiring.hears_all)
            self._branches.start(self._stage, self._worker.tell)

    def _await_conversation(self) -> None:
        if self._stage is not None:
            self._stage.missing = readers.missing_steps(self) | self._branches.missing()
        if self._stage is None or not self._stage.missing:
            self.destroy_timer(self._awaiting)

    def _take(self, topic: str, msg: Any) -> None:
        self._push(self._intake.take(topic, msg, self._steady.now_s()))

    def _push(self, entries: Iterable[Entry]) -> None:
        for entry in entries:  # the state counts while inactive, too
            if self._worker is not None and (entry.topic != "state" or "state" in self._spec.port.subscribes):
                self._worker.push(*entry)

    def _publish(self, out: Out) -> None:
        if isinstance(out.message, Interrupt) and self._worker is not None:
            self._worker.cancel(out.message)
        if out.namespace:
            self._branches.publish(out)
            return
        if not self._wiring.can_publish(out.topic):
            return
        if isinstance(out.message, AvatarState):
            self._intake.announce(out.message)
        self._wiring.publish(out)

    def _deactivate_stage(self) -> None:
        if self._stage is not None:
            for out in self._stage.deactivate(self._steady.now_s()):
                self._publish(out)
                if out.topic in FINAL_TOPICS:
                    self._wiring.wait_for_readers(out.topic, FINAL_TIMEOUT_S)

    def _stop_worker(self) -> None:
        if self._peers is not None:
            self._peers.close()
            self._peers = None
        self._branches.stop()
        if self._worker is None:
            return
        if not self._worker.stop(STOP_TIMEOUT_S):
            self.get_logger().error(f"the stage did not stop within {STOP_TIMEOUT_S} s")
        self._worker = None

    # --- faults and status ---------------------------------------------------------------------------------------

    def _fail(self, raised: Exception) -> None:
        error = self._status.fail(raised)
        if self.own.autostart:
            self.exit_code = exit_code_of(error)

    def _publish_status(self) -> None:
        values = {"state": self._state_machine.current_state[1]}
        values |= self._duty.status() if self._duty is not None else {}
        worker = self._worker
        if self._stage is None or worker is None:
            self._status.publish(values, 0, ())
            return
        now_s = self._steady.now_s()
        ticks = [(self._intake.tick(now_s), self._intake.news()), *self._branches.tick(now_s)]
        for entries, _ in ticks:
            self._push(entries)
        values |= self._status.worker_values(worker, now_s) | self._intake.values()
        values |= self._peers.status() if self._peers is not None else {}
        values |= self._clocks.status() if self._clocks is not None else {}
        values |= {key: str(value) for key, value in self._stage.status().items()}
        self._status.publish(values, worker.dropped, [line for _, news in ticks for line in news])
