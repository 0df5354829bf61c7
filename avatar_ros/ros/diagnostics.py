"""What a node says of itself on /diagnostics, once a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

LEVELS = {
    "error": DiagnosticStatus.ERROR,
    "warning": DiagnosticStatus.WARN,
    "told_warning": DiagnosticStatus.WARN,
    "ok": DiagnosticStatus.OK,
}

#: The same fault is told again after this time, s.
SAME_FAULT_S = 5.0


def throttle_options() -> dict[str, Any]:
    """For a logger's methods: the same line every few seconds, by a steady clock."""
    return {
        "throttle_duration_sec": SAME_FAULT_S,
        "throttle_time_source_type": Clock(clock_type=ClockType.STEADY_TIME),
    }


class Diagnostics:
    """Publishes a node's status. A key "error" or "warning" in it sets the level and becomes the message; a
    "told_warning" does that where there is none of them, and is not logged: it was.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._said = ""

    def publish(self, values: Mapping[str, str]) -> None:
        """Publish, and log a warning or an error once when its text changes."""
        level = next((name for name in LEVELS if values.get(name)), "ok")
        message = values.get(level, "") or "ok"
        self._log_change(level, message)
        status = DiagnosticStatus(
            level=LEVELS[level],
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=message,
            hardware_id="avatar_ros",
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _log_change(self, level: str, message: str) -> None:
        if message == self._said or level == "told_warning":
            return
        before, self._said = self._said, message
        logger = self._node.get_logger()
        if level == "error":
            logger.error(message)
        elif level == "warning":
            logger.warning(message)
        elif before not in ("", "ok"):
            logger.info(f"no longer so: {before}")
