"""Compares this host's clock with those of other hosts over the topic `clock`, where the network is open to any."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from ..core.clock_id import own_clock_id
from ..core.events import ClockPing
from ..core.host_clocks import HostClocks
from ..core.stage import Port
from ..core.topics import TOPICS
from . import convert, header_time, qos

_LOOK_S = 0.1


def gives_times(port: Port) -> bool:
    """Whether a node of this port publishes instants of its host's clock, and so is asked for it."""
    return any(hasattr(TOPICS[topic], "clock_id") for topic in port.publishes)


class ClockLink:
    """Of a node; all its calls come on the executor's thread. Closed to others, it is deaf and costs nothing.

    answers: the node gives times, so it is asked; namespace: whose hosts are asked, absolute; "" for the node's own.
    """

    def __init__(self, node: Node, answers: bool, open_to_others: bool, namespace: str = "") -> None:
        self._node = node
        self._answers = answers
        self._clocks = HostClocks(own_clock_id())
        self._timer: Any = None
        self._publisher = self._subscription = None
        if open_to_others:
            kind = convert.msg_type(ClockPing)
            topic = f"{namespace}/clock" if namespace else "clock"
            self._publisher = node.create_publisher(kind, topic, qos.for_clock())
            self._subscription = node.create_subscription(kind, topic, self._heard, qos.for_clock())

    def on_own_clock(self, message: Any, now_s: float) -> Any:
        """The message, its steady_ns on this host's clock (core/host_clocks.py)."""
        mapped = self._clocks.on_own_clock(message, now_s)
        if self._clocks.any and self._timer is None and self._publisher is not None:
            self._timer = self._node.create_timer(_LOOK_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
            self._look()
        return mapped

    def status(self) -> Mapping[str, str]:
        """For diagnostics."""
        return self._clocks.status()

    def close(self) -> None:
        """Ask and answer no more."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
        self._timer = self._publisher = self._subscription = None

    def _look(self) -> None:
        for question in self._clocks.due(time.monotonic(), time.monotonic_ns()):
            self._send(question)
        if not self._clocks.any:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def _heard(self, msg: Any) -> None:
        came_ns = time.monotonic_ns()
        ping: ClockPing = convert.from_msg(ClockPing, msg)
        if ping.heard_ns:
            self._clocks.answered(ping, came_ns)
        elif self._answers:
            reply = self._clocks.reply(ping, self._node.get_name(), came_ns, time.monotonic_ns())
            if reply is not None:
                self._send(reply)

    def _send(self, ping: ClockPing) -> None:
        if self._publisher is not None and self._node.context.ok():
            self._publisher.publish(convert.to_msg(ping, header_time.now_ns(self._node)))
