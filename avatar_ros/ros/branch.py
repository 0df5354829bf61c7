"""A further namespace that a stage speaks with: its topics there, what of them is believed, who lives there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rclpy.node import Node

from ..core.admission import Entry
from ..core.clock import Clock
from ..core.peers import PeerNews
from ..core.stage import Out, Port, Stage
from . import readers
from .clock_link import ClockLink, gives_times
from .intake import Intake
from .peers import Peers
from .wiring import Wiring


class Branch:
    """Opened and closed with the node's own topics. push(topic, message): what was believed."""

    def __init__(
        self, node: Node, port: Port, namespace: str, session_limit: int, clock: Clock, clocks: ClockLink
    ) -> None:
        self._node = node
        self._namespace = namespace
        self._clock = clock
        self._clocks = clocks
        self._intake = Intake(node, frozenset(), session_limit, clocks, namespace)
        self._wiring = Wiring(node, port, namespace)
        self._peers: Peers | None = None

    def open(self, stage: Stage, push: Callable[[Iterable[Entry]], None]) -> None:
        """Create its topics."""

        def take(topic: str, msg: Any) -> None:
            push(self._intake.take(topic, msg, self._clock.now_s()))

        self._wiring.open(stage.unread, take)

    def start(self, stage: Stage, tell: Callable[[PeerNews], None]) -> None:
        """Follow who lives there."""
        self._peers = Peers(self._node, stage, self._clock, tell, lambda: True, self._namespace)

    def stop(self) -> None:
        """Follow nobody any more. Safe to call twice."""
        if self._peers is not None:
            self._peers.close()
            self._peers = None

    def close(self) -> None:
        """Destroy its topics. Safe to call twice."""
        self.stop()
        self._wiring.close()
        self._clocks.close()

    def missing(self) -> frozenset[str]:
        """Steps of a conversation that nobody does there, as NAMESPACE/NAME."""
        return readers.missing_steps(self._node, self._namespace)

    def publish(self, out: Out) -> None:
        """Publish there, where it is open."""
        if self._wiring.can_publish(out.topic):
            self._wiring.publish(out)

    def tick(self, now_s: float) -> tuple[list[Entry], list[str]]:
        """(Sessions to be closed, what was refused), to be called every second."""
        return self._intake.tick(now_s), [f"{self._namespace}: {news}" for news in self._intake.news()]


class Branches:
    """All further namespaces of a node's stage."""

    def __init__(self, node: Node, port: Port, clock: Clock) -> None:
        self._node = node
        self._port = port
        self._clock = clock
        self._open: dict[str, Branch] = {}

    def open(
        self, stage: Stage, push: Callable[[Iterable[Entry]], None], session_limit: int, open_to_others: bool
    ) -> None:
        """Create the topics in all of the stage's namespaces."""
        for name in stage.namespaces:
            clocks = ClockLink(self._node, gives_times(self._port), open_to_others, name)
            self._open[name] = Branch(self._node, self._port, name, session_limit, self._clock, clocks)
            self._open[name].open(stage, push)

    def start(self, stage: Stage, tell: Callable[[PeerNews], None]) -> None:
        """Follow who lives there."""
        for branch in self._open.values():
            branch.start(stage, tell)

    def stop(self) -> None:
        """Follow nobody any more. Safe to call twice."""
        for branch in self._open.values():
            branch.stop()

    def close(self) -> None:
        """Destroy their topics. Safe to call twice."""
        for branch in self._open.values():
            branch.close()
        self._open.clear()

    def missing(self) -> frozenset[str]:
        """Steps of a conversation that nobody does in one of them, as NAMESPACE/NAME."""
        return frozenset[str]().union(*(branch.missing() for branch in self._open.values()))

    def publish(self, out: Out) -> None:
        """Publish in the namespace that it names, where that is one of these."""
        if (branch := self._open.get(out.namespace)) is not None:
            branch.publish(out)

    def tick(self, now_s: float) -> list[tuple[list[Entry], list[str]]]:
        """Of each: (sessions to be closed, what was refused), to be called every second."""
        return [branch.tick(now_s) for branch in self._open.values()]
