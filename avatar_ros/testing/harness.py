"""Runs stages against a virtual clock in one thread: "send these, expect those", in no time and always the same.

Stages are wired by the topics of their Ports and served as ros/worker.py serves them: orders overtake messages, what
a CANCEL ends is dropped before the work and before each publication, ticks come every tick_period_s and at `wake()`.

    run = Harness()
    run.add("dialogue", DialogueStage(settings, epoch), PORT)
    run.send("speech/transcript", Transcript(text="hello"))
    run.until("dialogue/prompt", text="hello")
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from ..core.admission import Admission
from ..core.cancellation import CancelGate
from ..core.clock import VirtualClock
from ..core.enums import InterruptAction, SessionKind
from ..core.events import AvatarState, Interrupt, SessionEvent
from ..core.peers import PeerChange, PeerNews
from ..core.stage import Out, Port, Stage
from ..core.topics import TOPICS, Message
from ..core.types import LOCAL_SESSION

_EVERYBODY = ("interrupt", "session")


class Record(NamedTuple):
    """A message that was sent: when (s), by which stage ("" for the test), on which topic."""

    at_s: float
    sender: str
    topic: str
    message: Any


@dataclass
class _Runner:
    """One stage and what its node would keep for it."""

    name: str
    stage: Stage
    port: Port
    gate: CancelGate = field(default_factory=CancelGate)
    beating: bool = False  # its next tick is planned
    admission: Admission | None = None

    def subscribes(self, topic: str) -> bool:
        # As in ros/stage_node.py: the owner of sessions gets no news of its own.
        for_all = _EVERYBODY if self.admission is None else (*_EVERYBODY, "state")
        return topic in self.port.subscribes or (topic in for_all and topic not in self.port.publishes)


class Harness:
    """start_s: where the clock begins; latency_s: how long a message travels; admission: whether stages believe no more
    than a node does (then the dialogue must be among them).
    """

    def __init__(self, *, start_s: float = 1000.0, latency_s: float = 0.0, admission: bool = False) -> None:
        self.clock = VirtualClock(start_s)
        self.records: list[Record] = []
        self._latency_s = latency_s
        self._checks_admission = admission
        self._runners: dict[str, _Runner] = {}
        self._due: list[tuple[float, int, int, Callable[[], None]]] = []
        self._order = count()

    @property
    def now_s(self) -> float:
        return self.clock.now_s()

    # --- wiring ---------------------------------------------------------------------------------------------------

    def add(self, name: str, stage: Stage, port: Port) -> Stage:
        """Load a stage and wire it; it ticks at once."""
        stage.load()
        admission = Admission({LOCAL_SESSION}, 16) if self._checks_admission else None
        runner = _Runner(name, stage, port, admission=admission)
        self._runners[name] = runner
        stage.wake = partial(self._wake, runner)
        self._plan_beat(runner)
        return stage

    def remove(self, name: str) -> Stage:
        """The stage dies: it gets nothing any more and is not closed."""
        return self._runners.pop(name).stage

    def close(self) -> None:
        """Close all stages."""
        for runner in self._runners.values():
            runner.stage.close()

    # --- sending and waiting --------------------------------------------------------------------------------------

    def send(self, topic: str, message: Message, after_s: float = 0.0) -> None:
        """Publish from outside, `after_s` from now."""
        self._at(self.now_s + after_s, partial(self._publish, "", Out(topic, message)))

    def peer(self, node: str, change: PeerChange) -> None:
        """What a node would be told of another's death."""
        for runner in tuple(self._runners.values()):
            if node in runner.stage.waits_for:
                self._give(runner, runner.stage.peer(PeerNews(node, change), self.now_s))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds
        while self._due and self._due[0][0] <= end_s + 1e-9:
            self._step()
        self.clock.advance(max(0.0, end_s - self.now_s))

    def until(self, topic: str, within_s: float = 60.0, **fields: Any) -> Any:
        """Let time pass until a message with these fields is sent on `topic`, counting from now; returns it."""
        seen, end_s = len(self.records), self.now_s + within_s
        while self._due and self._due[0][0] <= end_s + 1e-9:
            self._step()
            for record in self.records[seen:]:
                if record.topic == topic and _fits(record.message, fields):
                    return record.message
            seen = len(self.records)
        raise AssertionError(f"no {topic} with {fields} within {within_s} s; there was:\n{self.story()}")

    # --- looking --------------------------------------------------------------------------------------------------

    def sent(self, topic: str, **fields: Any) -> list[Any]:
        """All messages so far on `topic` with these fields."""
        return [r.message for r in self.records if r.topic == topic and _fits(r.message, fields)]

    def times(self, topic: str, **fields: Any) -> list[float]:
        """When those messages were sent, seconds."""
        return [r.at_s for r in self.records if r.topic == topic and _fits(r.message, fields)]

    def story(self, topics: Iterable[str] = ()) -> str:
        """What happened, a line a message, for failing tests."""
        chosen = set(topics) or set(TOPICS)
        lines = [f"{r.at_s:9.3f} {r.sender:10} {r.topic:20} {r.message}" for r in self.records if r.topic in chosen]
        return "\n".join(line[:220] for line in lines[-80:])

    # --- machinery ------------------------------------------------------------------------------------------------

    def _at(self, at_s: float, work: Callable[[], None], urgent: bool = False) -> None:
        heapq.heappush(self._due, (at_s, 0 if urgent else 1, next(self._order), work))

    def _step(self) -> None:
        at_s, _, _, work = heapq.heappop(self._due)
        self.clock.advance(max(0.0, at_s - self.now_s))
        work()

    def _wake(self, runner: _Runner) -> None:
        self._at(self.now_s, partial(self._tick, runner), urgent=True)

    def _plan_beat(self, runner: _Runner, after_s: float = 0.0) -> None:
        """Plan the next tick; a stage may begin and cease to want ticks at any time."""
        if runner.stage.tick_period_s and not runner.beating:
            runner.beating = True
            self._at(self.now_s + after_s, partial(self._beat, runner))

    def _beat(self, runner: _Runner) -> None:
        runner.beating = False
        if self._runners.get(runner.name) is runner:
            period_s = runner.stage.tick_period_s
            self._plan_beat(runner, period_s)
            self._tick(runner)

    def _tick(self, runner: _Runner) -> None:
        if self._runners.get(runner.name) is runner:
            self._give(runner, runner.stage.tick(self.now_s))

    def _publish(self, sender: str, out: Out) -> None:
        expected = TOPICS[out.topic]
        assert isinstance(out.message, expected), f"{sender} sent {out.message} on {out.topic}"
        self.records.append(Record(self.now_s, sender, out.topic, out.message))
        urgent = isinstance(out.message, Interrupt)
        for runner in self._runners.values():
            if runner.subscribes(out.topic) and runner.name != sender:
                deliver = partial(self._arrive, runner, out.topic, out.message)
                self._at(self.now_s + self._latency_s, deliver, urgent)

    def _arrive(self, runner: _Runner, topic: str, message: Message) -> None:
        if runner.admission is None:
            self._deliver(runner, topic, message)
            return
        for entry in runner.admission.offer(topic, message, self.now_s):
            if entry.topic in runner.port.subscribes or entry.topic in _EVERYBODY:
                self._deliver(runner, *entry)

    def _deliver(self, runner: _Runner, topic: str, message: Message) -> None:
        if self._runners.get(runner.name) is not runner:
            return
        if isinstance(message, Interrupt):
            runner.gate.order(message)
            if message.action is InterruptAction.CANCEL:
                runner.stage.abort(message)
            self._give(runner, runner.stage.interrupt(message, self.now_s))
        elif isinstance(message, SessionEvent):
            if message.kind is SessionKind.CLOSED:
                runner.gate.forget(message.session)
            self._give(runner, runner.stage.session(message, self.now_s))
        elif runner.stage.heeds(topic, message) and not runner.gate.is_cancelled(message):
            runner.stage.foresee(topic, message, self.now_s)
            self._give(runner, runner.stage.push(topic, message, self.now_s))

    def _give(self, runner: _Runner, outs: Iterable[Out]) -> None:
        for out in outs:
            assert out.topic in runner.port.publishes, f"{runner.name} does not give {out.topic}"
            if runner.gate.is_cancelled(out.message):
                continue
            if isinstance(out.message, Interrupt):
                runner.gate.order(out.message)
            if isinstance(out.message, AvatarState) and runner.admission is not None:
                runner.admission.announce(out.message)
            self._publish(runner.name, out)
        self._plan_beat(runner)


def _fits(message: Any, fields: dict[str, Any]) -> bool:
    return all(getattr(message, name) == value for name, value in fields.items())
