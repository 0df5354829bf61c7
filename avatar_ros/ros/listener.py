"""Listens to a running kiosk over DDS: every topic of core/types.TOPICS, as dataclasses, with waiting for
conditions. Benchmarks and tests watch a conversation through it, as any other node could.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Self

import rclpy
from rclpy.qos import QoSProfile

from ..core.enums import AgentState
from ..core.topics import TOPICS, Message
from . import convert, qos
from .executor import LeanExecutor
from .start import start_ros

WAIT_S = 120.0  # a bound for what never happens, far above what a slow and busy machine needs


class Listener:
    """Subscribes to all topics of a namespace from the moment it is made.

    heard[topic]: messages in order; times[topic]: when each came, seconds of CLOCK_MONOTONIC. Use as a context manager.
    refused: what was wrong with messages that do not fit their type.
    """

    def __init__(self, namespace: str = "avatar", topics: tuple[str, ...] = tuple(TOPICS)) -> None:
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self.refused: list[str] = []
        self.times: dict[str, list[float]] = defaultdict(list)
        self._changed = threading.Condition()
        self._context = rclpy.Context()
        start_ros(context=self._context)
        self.node = rclpy.create_node(
            "listener", namespace=namespace, context=self._context, start_parameter_services=False
        )
        self._publishers: dict[str, Any] = {}
        for topic in topics:
            self._listen(topic)
        self._executor = LeanExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def _listen(self, topic: str) -> None:
        kind = TOPICS[topic]

        def take(msg: Any) -> None:
            try:
                message = convert.from_msg(kind, msg)
            except convert.MessageError as error:
                self.refused.append(str(error))
                return
            with self._changed:
                self.heard[topic].append(message)
                self.times[topic].append(time.monotonic())
                self._changed.notify_all()

        raw = convert.is_read_raw(kind)
        self.node.create_subscription(convert.msg_type(kind), topic, take, qos.for_topic(topic), raw=raw)

    def subscribe(self, kind: Any, topic: str, take: Callable[[Any], None], profile: QoSProfile | int) -> Any:
        """A further subscription (images, diagnostics); `take` runs on the listener's thread."""

        def and_notify(msg: Any) -> None:
            take(msg)
            with self._changed:
                self._changed.notify_all()

        return self.node.create_subscription(kind, topic, and_notify, profile)

    def publisher(self, topic: str) -> Any:
        """A publisher on a topic of the kiosk, made once."""
        if topic not in self._publishers:
            kind = convert.msg_type(TOPICS[topic])
            self._publishers[topic] = self.node.create_publisher(kind, topic, qos.for_topic(topic))
        return self._publishers[topic]

    def send(self, topic: str, message: Message, readers: int = 1) -> None:
        """Publish a dataclass once at least `readers` nodes subscribe."""
        publisher = self.publisher(topic)
        self.wait(lambda _: publisher.get_subscription_count() >= readers, what=f"{readers} readers of {topic}")
        publisher.publish(convert.to_msg(message, time.time_ns()))

    def wait(self, condition: Callable[[Listener], object], what: str = "", timeout_s: float = WAIT_S) -> None:
        """Wait until condition(self) is true. Raises TimeoutError that names `what` and counts what was heard.

        Raises RuntimeError once a callback has failed: nothing is heard from then on.
        """
        with self._changed:
            deadline = time.monotonic() + timeout_s
            while not condition(self):
                if not self._thread.is_alive():
                    raise RuntimeError(f"the listener hears nothing: a callback failed (its error is above): {what}")
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    counts = {topic: len(messages) for topic, messages in self.heard.items()}
                    raise TimeoutError(f"did not happen within {timeout_s} s: {what or condition}; heard {counts}")
                self._changed.wait(min(left_s, 0.1))

    def states(self) -> list[AgentState]:
        """States in the order in which they were published."""
        return [message.state for message in self.heard["state"]]

    def close(self) -> None:
        """Stop listening."""
        self._executor.shutdown()
        self._thread.join(WAIT_S)  # a node is not taken apart while another thread waits on it
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
