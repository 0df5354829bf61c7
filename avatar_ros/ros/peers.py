"""Tells the other nodes that this one works, and the stage what became of those that it waits for.

DDS itself says 20 s after a kill -9 that somebody is gone, and of one that is only stopped the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from ..core import clock as core_clock
from ..core.enums import Duty
from ..core.events import Alive
from ..core.peers import BEAT_S, PeerNews, PeerWatch
from ..core.stage import Stage
from ..core.twins import Twins, told
from . import convert, header_time, qos

_LOOK_S = 0.1
#: Longest wait for what a node needs to hear, before it says that it lives, s.
HEAR_WAIT_S = 3.0
#: Beats that may wait, of all nodes together.
_WAITING = 50


class Peers:
    """tell(news) is called on the executor's thread. Begins with the work of the stage and ends with it.

    hears(): whether DDS has found what the node needs to hear; it says nothing of itself before that, or HEAR_WAIT_S.
    namespace: of those that are listened to, absolute; news of them then call them NAMESPACE/NAME.
    """

    def __init__(
        self,
        node: Node,
        stage: Stage,
        clock: core_clock.Clock,
        tell: Callable[[PeerNews], None],
        hears: Callable[[], bool],
        namespace: str = "",
    ) -> None:
        self._node = node
        kind = convert.msg_type(Alive)
        self._clock = clock
        self._tell = tell
        self._prefix = namespace and namespace + "/"
        self._watch, self._twins = PeerWatch(stage.waits_for), Twins()
        self._hears = hears
        self._timer_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._wait_until_s = clock.now_s() + HEAR_WAIT_S
        self._life = time.monotonic_ns()
        self._timers: list[Any] = []
        self._publisher = self._subscription = None
        if stage.says_alive and not namespace:
            self._publisher = node.create_publisher(kind, "alive", qos.for_signs_of_life(1))
            self._waiting = self._every(_LOOK_S, self._begin)
            self._timers.append(self._waiting)
            self._begin()
        if stage.waits_for:
            profile = qos.for_signs_of_life(_WAITING)
            self._subscription = node.create_subscription(kind, self._prefix + "alive", self._heard, profile)
            self._timers.append(self._every(_LOOK_S, self._look))

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say: who is missing, and who is there twice."""
        missing = ", ".join(self._watch.missing)
        lost = f"{missing}: no sign of life; waits for it to come back" if missing else ""
        news = "; ".join(filter(None, (lost, told(self._twins.names(self._clock.now_s())))))
        return {**({"missing_nodes": missing} if missing else {}), **({"warning": news} if news else {})}

    def close(self) -> None:
        """Say and hear no more."""
        for timer in self._timers:
            self._node.destroy_timer(timer)
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)

    def _every(self, period_s: float, call: Callable[[], None]) -> Any:
        """A timer that runs on where use_sim_time is set and nobody publishes /clock."""
        return self._node.create_timer(period_s, call, clock=self._timer_clock)

    def _begin(self) -> None:
        if self._hears() or self._clock.now_s() > self._wait_until_s:
            self._waiting.cancel()
            self._timers.append(self._every(BEAT_S, self._beat))
            self._beat()

    def _beat(self) -> None:
        assert self._publisher is not None
        alive = Alive(self._node.get_name(), self._life)
        self._publisher.publish(convert.to_msg(alive, header_time.now_ns(self._node)))

    def _heard(self, msg: Any) -> None:
        alive: Alive = convert.from_msg(Alive, msg)
        news = None
        if alive.duty is Duty.LEAVES:
            news = self._watch.left(alive.node, alive.life)
        elif alive.duty is not Duty.WAITS:
            stands_in = alive.duty is Duty.STANDS_IN
            if not stands_in:
                self._twins.heard(alive.node, alive.life, self._clock.now_s())
            news = self._watch.heard(alive.node, alive.life, self._clock.now_s(), stands_in=stands_in)
        if news is not None:
            self._say(news)

    def _look(self) -> None:
        for news in self._watch.look(self._clock.now_s()):
            self._say(news)

    def _say(self, news: PeerNews) -> None:
        self._tell(PeerNews(self._prefix + news.node, news.change))
