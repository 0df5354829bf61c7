"""What the operator of a gateway sees of all nodes (core/operating.py): /rosout, /diagnostics, parameter services."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Log, Parameter
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from ..core.errors import AvatarRosError
from ..core.operating import LiveSetting, LogLine, NodeHealth
from ..core.terminal import printable_line
from . import parameter_text
from .params import AT_ONCE

#: Lines that are kept, and characters of each; nodes that are remembered.
LINES, LONGEST_LINE, MOST_NODES = 500, 500, 200
#: A node says how it is once a second; after so long a silence it is said to be silent, s.
SILENT_S = 5.0
#: How long a node is waited for, s.
ANSWER_S = 3.0
_LEVELS = {10: "debug", 20: "info", 30: "warn", 40: "error", 50: "fatal"}
_HEALTH = {b"\x00": "ok", b"\x01": "warning", b"\x02": "error", b"\x03": "silent"}


class RosNodeDesk:
    """Of the nodes in these namespaces. Subscribes with the node's own executor; a question waits on another thread."""

    def __init__(self, node: Node, namespaces: Iterable[str]) -> None:
        self._node = node
        self._prefixes = tuple(name.strip("/") + "/" for name in namespaces)
        self._lines: deque[LogLine] = deque(maxlen=LINES)
        self._health: dict[str, tuple[float, NodeHealth]] = {}
        self._asking = threading.Lock()
        kept = QoSProfile(depth=LINES, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscriptions = [
            node.create_subscription(Log, "/rosout", self._hear_line, kept),
            node.create_subscription(DiagnosticArray, "/diagnostics", self._hear_health, 50),
        ]

    def log(self) -> Sequence[LogLine]:
        """See NodeDesk."""
        return tuple(self._lines)

    def health(self) -> Sequence[NodeHealth]:
        """See NodeDesk."""
        now_s = time.monotonic()
        return [
            one if now_s - heard_s < SILENT_S else NodeHealth(one.name, "silent", "says nothing any more", one.values)
            for heard_s, one in (self._health[name] for name in sorted(self._health))
        ]

    def settings(self, node: str) -> Sequence[LiveSetting]:
        """See NodeDesk."""
        names = self._ask(node, ListParameters, "list_parameters", ListParameters.Request()).result.names
        request = DescribeParameters.Request(names=names)
        described = self._ask(node, DescribeParameters, "describe_parameters", request).descriptors
        live = [one for one in described if AT_ONCE in one.additional_constraints and not one.read_only]
        names = [one.name for one in live]
        values = self._ask(node, GetParameters, "get_parameters", GetParameters.Request(names=names)).values
        return [
            LiveSetting(one.name, *parameter_text.written(value), _limits(one.additional_constraints), one.description)
            for one, value in zip(live, values, strict=True)
        ]

    def change(self, node: str, name: str, value: str) -> str:
        """See NodeDesk."""
        found = next((one for one in self.settings(node) if one.name == name), None)
        if found is None:
            return f"'{name}' cannot be changed while the node runs"
        try:
            parsed = parameter_text.read(found.kind, value)
        except ValueError:
            return f"'{value}' is no {found.kind}"
        request = SetParameters.Request(parameters=[Parameter(name=name, value=parsed)])
        (result,) = self._ask(node, SetParameters, "set_parameters", request).results
        return "" if result.successful else str(result.reason)

    def close(self) -> None:
        """See NodeDesk."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []

    # --- what is heard -------------------------------------------------------------------------------------------

    def _hear_line(self, msg: Any) -> None:
        name = msg.name.replace(".", "/")
        if name.startswith(self._prefixes):
            at_s = msg.stamp.sec + msg.stamp.nanosec * 1e-9
            text = printable_line(msg.msg[:LONGEST_LINE])
            self._lines.append(LogLine(at_s, _LEVELS.get(msg.level, "info"), name, text))

    def _hear_health(self, msg: Any) -> None:
        for status in msg.status:
            known = status.name in self._health or len(self._health) < MOST_NODES
            if known and status.hardware_id == "avatar_ros" and status.name.startswith(self._prefixes):
                values = {value.key: printable_line(value.value[:LONGEST_LINE]) for value in status.values}
                text = printable_line(status.message[:LONGEST_LINE])
                health = NodeHealth(status.name, _HEALTH.get(status.level, "error"), text, values)
                self._health[status.name] = (time.monotonic(), health)

    # --- what is asked -------------------------------------------------------------------------------------------

    def _ask(self, node: str, kind: Any, service: str, request: Any) -> Any:
        if node not in self._health:
            raise AvatarRosError("no_node", f"no node is called '{node}'")
        with self._asking:
            client = self._node.create_client(kind, f"/{node}/{service}")
            try:
                if client.wait_for_service(ANSWER_S):
                    done = threading.Event()
                    future = client.call_async(request)
                    future.add_done_callback(lambda _: done.set())
                    if done.wait(ANSWER_S):
                        return future.result()
                    client.remove_pending_request(future)
            finally:
                self._node.destroy_client(client)
        raise AvatarRosError("silent", f"{node} does not answer", retryable=True)


def _limits(constraints: str) -> str:
    return "; ".join(part for part in constraints.split("; ") if part != AT_ONCE)
