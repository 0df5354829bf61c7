"""A bond as nav2's nodes have one: a lifecycle manager that has activated a node is told when it ends, or dies.

Only where the package `bond` is installed (the wheels have none) and a manager brings the node up (autostart false).
The node says that it lives; it does not listen to the manager, whose ten messages a second for each node would reach
all of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import uuid
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, ManagedEntity, TransitionCallbackReturn
from rclpy.node import Node

#: As nav2 has them: the topic, relative to the node's namespace, and the silence that a peer should take for death, s.
_TOPIC, _TIMEOUT_S = "bond", 4.0
#: How often it is said that the node lives, s.
_PERIOD_S = 0.25


class Bond(ManagedEntity):
    """Its id is the node's name. Follows the node's lifecycle; does nothing where it is not `wanted`."""

    def __init__(self, node: Node, *, wanted: bool) -> None:
        self._node = node
        found = wanted and importlib.util.find_spec("bond") is not None
        self._kind: Any = importlib.import_module("bond.msg").Status if found else None
        self._publisher: Any = None
        self._timer: Any = None
        self._instance = ""

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """From now on it says that it lives."""
        if self._kind is not None:
            self._begin()
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """It works no more."""
        self.end()
        return TransitionCallbackReturn.SUCCESS

    def end(self) -> None:
        """Whoever has the other end knows at once. Safe to call twice."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None
            self._say(active=False)

    def _begin(self) -> None:
        if self._publisher is None:
            self._publisher = self._node.create_publisher(self._kind, _TOPIC, 5)
        self._instance = str(uuid.uuid4())
        self._timer = self._node.create_timer(_PERIOD_S, self._say, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._say()

    def _say(self, *, active: bool = True) -> None:
        status = self._kind(id=self._node.get_name(), instance_id=self._instance, active=active)
        status.header.stamp = self._node.get_clock().now().to_msg()
        status.heartbeat_timeout, status.heartbeat_period = _TIMEOUT_S, _PERIOD_S
        self._publisher.publish(status)
