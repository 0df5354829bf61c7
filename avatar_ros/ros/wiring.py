"""A stage's topics on a node, by its Port: publishers and subscriptions, and who is at their other ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from functools import partial
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node

from ..core.stage import Out, Port
from ..core.topics import TOPICS
from . import convert, header_time, qos, readers


class Wiring:
    """Opened at configure, closed at cleanup. publishers: by topic. namespace: absolute, "" for the node's own."""

    def __init__(self, node: Node, port: Port, namespace: str = "") -> None:
        self._node = node
        self._port = port
        self._prefix = namespace and namespace + "/"
        self.publishers: dict[str, Any] = {}
        self._subscriptions: dict[str, Any] = {}  # by topic
        self._on_demand: dict[str, Any] = {}

    @property
    def is_open(self) -> bool:
        return bool(self.publishers or self._subscriptions)

    def open(self, unread: Set[str], take: Callable[[str, Any], None]) -> None:
        """Create them all. unread: not to be subscribed to; take(topic, message or its bytes): called on
        the executor's thread.
        """
        publishes, subscribes = self._port.publishes, self._port.subscribes
        for topic in publishes:
            kind = convert.msg_type(TOPICS[topic])
            self.publishers[topic] = self._node.create_publisher(kind, self._prefix + topic, qos.for_topic(topic))
        # `state` first: of what has arrived together, it is read first, and the others are believed at once.
        for topic in dict.fromkeys(("state", "interrupt", "session", *subscribes)):
            own = topic in publishes and topic not in subscribes
            if own or topic in unread:
                continue  # the owner of states and sessions needs no news of its own
            self._subscriptions[topic] = self._subscribe(self._prefix + topic, topic, take)
        self._take = take

    def _subscribe(self, name: str, topic: str, take: Callable[[str, Any], None]) -> Any:
        kind = TOPICS[topic]
        return self._node.create_subscription(
            convert.msg_type(kind), name, partial(take, topic), qos.for_topic(topic), raw=convert.is_read_raw(kind)
        )

    def listen(self, topics: Set[str]) -> None:
        """Of the topics on demand, subscribe to these and no others. To be called on the executor's thread."""
        for topic in self._on_demand.keys() - topics:
            self._node.destroy_subscription(self._on_demand.pop(topic))
        for topic in topics - self._on_demand.keys():
            self._on_demand[topic] = self._subscribe(topic, topic, self._take)

    def hears(self, topic: str) -> bool:
        """Whether a topic on demand is subscribed to, and DDS has found who gives it."""
        subscription = self._on_demand.get(topic)
        return subscription is not None and subscription.get_publisher_count() > 0

    def close(self) -> None:
        """Destroy them all. Safe to call twice."""
        self.listen(frozenset())
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        for publisher in self.publishers.values():
            self._node.destroy_publisher(publisher)
        self._subscriptions.clear()
        self.publishers.clear()

    def subscriptions(self, topics: Iterable[str]) -> list[Any]:
        """Those to `topics`, as far as there are any."""
        return [self._subscriptions[topic] for topic in topics if topic in self._subscriptions]

    def can_publish(self, topic: str) -> bool:
        """Whether the topic is open and ROS is up."""
        return topic in self.publishers and self._node.context.ok()

    def publish(self, out: Out) -> None:
        """Convert and publish now."""
        self.publishers[out.topic].publish(convert.pack(out.message, header_time.now_ns(self._node)))

    def wait_for_readers(self, topic: str, timeout_s: float) -> None:
        """Until what was published on `topic` has arrived, `timeout_s` at most."""
        self.publishers[topic].wait_for_all_acked(Duration(seconds=timeout_s))

    def missing_readers(self, without: frozenset[str]) -> frozenset[str]:
        """The kiosk's nodes that should read what is published and do not yet. without: those that it does without."""
        found = (readers.missing(self._node, topic, publisher, without) for topic, publisher in self.publishers.items())
        return frozenset[str]().union(*found)

    def hears_all(self) -> bool:
        """Whether each topic of the conversation's own stream that is subscribed to has a publisher."""
        all_ = self._subscriptions.values()
        return all(one.get_publisher_count() for one in all_ if readers.in_stream(self._node, one.topic_name))
