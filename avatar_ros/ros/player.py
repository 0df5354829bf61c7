"""Publishes a recording again under today's times, in the dialogue's place, and watches what is shown by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

import rclpy
from rclpy.node import Node

from ..core.events import AvatarState
from ..core.known_turns import LARGEST_TURN, KnownTurns
from ..core.topics import TOPICS
from ..core.types import LOCAL_SESSION
from . import convert, qos
from .intake import DIALOGUE

#: Longest time in which a signal is not noticed, s.
_NAP_S = 0.1
_STATE = "state"


class Due(NamedTuple):
    """A message and when it is due, CLOCK_MONOTONIC ns."""

    at_ns: int
    topic: str
    message: Any


class ReplayNode:
    """A node called as the dialogue is, whose word on turns and epochs the others take.

    topics: that are published; namespace: absolute.
    """

    def __init__(self, namespace: str, topics: Collection[str]) -> None:
        self.node: Node = rclpy.create_node(DIALOGUE, namespace=namespace)
        self._publishers: dict[str, Any] = {topic: self._publisher(topic) for topic in {*topics, _STATE}}
        self._known = KnownTurns()
        self._epoch = 0
        self.late_s = 0.0  # how much later than due a message left, at most

    def missing(self, readers: Iterable[tuple[str, Collection[str]]]) -> list[str]:
        """Which of (node name, topics it reads) do not read all of those of ours yet."""
        return [name for name, topics in readers if not all(self._is_read(topic, name) for topic in topics)]

    def play(self, messages: Iterable[Due], stop_asked: Callable[[], bool]) -> int:
        """Publish each when it is due; how many were."""
        count = 0
        for due in messages:
            if not _wait(due.at_ns, stop_asked):
                break
            self.late_s = max(self.late_s, (time.monotonic_ns() - due.at_ns) * 1e-9)
            self._publish(due.topic, due.message)
            count += 1
        return count

    def close(self) -> None:
        """Leave."""
        self.node.destroy_node()

    def _publish(self, topic: str, message: Any) -> None:
        epoch, turn = getattr(message, "epoch", 0), getattr(message, "turn", 0)
        session = getattr(message, "session", LOCAL_SESSION)
        if topic == _STATE:
            self._announce(message)
        elif topic in self._publishers:
            said = AvatarState(session=session, epoch=epoch, turn=turn)
            ordinary = epoch and turn <= LARGEST_TURN and topic != "interrupt"  # not what voids all older epochs
            if ordinary and not self._known.have(said):  # its state was not recorded
                self._announce(convert.to_msg(said, time.time_ns()))
            self._publishers[topic].publish(message)

    def _announce(self, message: Any) -> None:
        """A new epoch is another dialogue's: it is believed of a publisher that has not spoken yet."""
        if message.epoch > self._epoch and self._epoch:
            self._publishers[_STATE] = self._publisher(_STATE)
            _until(lambda: self._publishers[_STATE].get_subscription_count() > 0, 1.0)
        self._epoch = max(self._epoch, message.epoch)
        self._known.learn(convert.from_msg(AvatarState, message), lambda: True)
        self._publishers[_STATE].publish(message)

    def _publisher(self, topic: str) -> Any:
        return self.node.create_publisher(convert.msg_type(TOPICS[topic]), topic, qos.for_topic(topic))

    def _is_read(self, topic: str, name: str) -> bool:
        publisher = self._publishers.get(topic)
        if publisher is None:
            return True
        readers = [info.node_name for info in self.node.get_subscriptions_info_by_topic(topic)]
        return name in readers and publisher.get_subscription_count() >= len(readers)


def _wait(at_ns: int, stop_asked: Callable[[], bool]) -> bool:
    while (left_s := (at_ns - time.monotonic_ns()) * 1e-9) > 0:
        if stop_asked():
            return False
        time.sleep(min(left_s, _NAP_S))
    return not stop_asked()


def _until(condition: Callable[[], bool], timeout_s: float) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end_s:
        time.sleep(0.01)
