"""Keeps one of two nodes that could do the same work at it: core/standby.py, told of what `alive` says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from ..core.enums import Duty
from ..core.events import Alive
from ..core.peers import BEAT_S
from ..core.standby import Standby, StandbyNews, Yielding, duty_values
from . import convert, header_time, qos
from .interface_version import interface_version
from .settings_node import NodeSettings

_LOOK_S = 0.1
_WAITING = 50


@dataclass(frozen=True)
class Work:
    """What a node does when it works. begin, end: open its topics and start, and the reverse; idle: nothing is under
    way; ready: it hears all that it needs to hear.
    """

    begin: Callable[[], None]
    end: Callable[[], None]
    idle: Callable[[], bool]
    ready: Callable[[], bool]


class DutyKeeper:
    """role: the name of the node whose work it is. All on the executor's thread."""

    def __init__(self, node: Node, role: str, work: Work, settings: NodeSettings) -> None:
        now_s = time.monotonic()
        self._node, self._role, self._work = node, role, work
        self._version = interface_version()
        self._is_standby = settings.duty == "standby"
        self._duty: Standby | Yielding = Yielding(role, now_s)
        if self._is_standby:
            self._duty = Standby(role, self._version, settings.standby_after_s, now_s)
        self._news = StandbyNews(role)
        self._life = time.monotonic_ns()
        self._works = False
        self._beat_s = 0.0
        kind = convert.msg_type(Alive)
        self._publisher = node.create_publisher(kind, "alive", qos.for_signs_of_life(1))
        self._subscription = node.create_subscription(kind, "alive", self._heard, qos.for_signs_of_life(_WAITING))
        self._timer = node.create_timer(_LOOK_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def status(self) -> Mapping[str, str]:
        """For diagnostics."""
        return duty_values(self._works, self._is_standby, self._role, self._foreign)

    def close(self) -> None:
        """Work no more, and say so no more."""
        self._node.destroy_timer(self._timer)
        if self._works:
            self._stop()
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._publisher)

    @property
    def _foreign(self) -> str:
        return self._duty.foreign if isinstance(self._duty, Standby) else ""

    def _heard(self, msg: Any) -> None:
        alive: Alive = convert.from_msg(Alive, msg)
        if alive.life == self._life:
            return
        now_s, foreign = time.monotonic(), self._foreign
        self._news.heard(alive, now_s)
        self._duty.heard(alive, now_s)
        if self._works and self._foreign and self._foreign != foreign:
            self._news.changed(Duty.STANDS_IN, self._life, now_s)

    def _look(self) -> None:
        now_s = time.monotonic()
        works = self._duty.look(now_s, idle=not self._works or self._work.idle())
        if works and not self._works:
            self._works = True
            self._life = time.monotonic_ns()
            self._work.begin()
            self._changed(Duty.STANDS_IN, now_s)
        elif self._works and not works:
            self._stop()
            self._changed(Duty.LEAVES, now_s)
        if text := self._news.due(now_s, self._foreign, self._version):
            self._node.get_logger().warning(text)
        if now_s >= self._beat_s and (not self._works or self._work.ready()):
            self._beat_s = now_s + BEAT_S
            if self._duty.duty is not None:
                self._say(self._duty.duty)

    def _stop(self) -> None:
        self._works = False
        self._work.end()
        self._say(Duty.LEAVES if self._is_standby else Duty.WAITS)

    def _changed(self, duty: Duty, now_s: float) -> None:
        self._beat_s = 0.0
        if self._is_standby:
            self._news.changed(duty, self._life, now_s)
        elif duty is Duty.LEAVES:
            self._node.get_logger().warning(f"the robot's half does the work of {self._role} itself: waits for its end")

    def _say(self, duty: Duty) -> None:
        if self._node.context.ok():
            alive = Alive(self._role, self._life, version=self._version, duty=duty)
            self._publisher.publish(convert.to_msg(alive, header_time.now_ns(self._node)))
