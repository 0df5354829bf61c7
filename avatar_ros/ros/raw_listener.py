"""Hears topics as they come over the wire: bytes, for who writes them down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from rclpy.node import Node

from ..core.topics import TOPICS
from . import convert, qos

#: (topic, CDR)
Take = Callable[[str, bytes], None]


class RawListener:
    """Subscribes a node to topics of a conversation, relative to its namespace."""

    def __init__(self, node: Node, topics: Iterable[str], take: Take) -> None:
        self._node = node
        self._subscriptions = [
            node.create_subscription(
                convert.msg_type(TOPICS[topic]), topic, partial(take, topic), qos.for_topic(topic), raw=True
            )
            for topic in topics
        ]

    def publishers(self) -> int:
        """How many topics somebody publishes."""
        return sum(bool(one.get_publisher_count()) for one in self._subscriptions)

    def close(self) -> None:
        """Hear nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()


def type_name(topic: str) -> str:
    """Of a conversation's topic: "avatar_ros/msg/SpeechChunk"."""
    kind = convert.msg_type(TOPICS[topic])
    return f"{kind.__module__.split('.')[0]}/msg/{kind.__name__}"
