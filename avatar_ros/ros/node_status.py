"""What a node tells of its faults and its load: in the log at once, on /diagnostics once a second."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

from rclpy.node import Node

from ..core.errors import AvatarRosError
from ..core.machine import machine_fault
from .diagnostics import Diagnostics, throttle_options
from .worker import StageWorker


class NodeStatus:
    """Counts errors; those since the last status make it a warning."""

    def __init__(self, node: Node) -> None:
        self._logger = node.get_logger()
        self._diagnostics = Diagnostics(node)
        self._throttled = throttle_options()
        self._errors = 0
        self._last_error = ""
        self._told_faults = (0, 0)
        self._seen = (0.0, 0.0)

    def fail(self, raised: Exception) -> Exception:
        """Log what ends the node, and return it, or the fault of the machine that led to it."""
        error = machine_fault(raised) or raised
        self._logger.fatal(_text(error))
        if not isinstance(error, AvatarRosError):
            self._logger.fatal("".join(traceback.format_exception(error)))
        return error

    def report(self, raised: Exception) -> None:
        """Log and count what was raised; the node goes on."""
        error = machine_fault(raised) or raised
        self._errors += 1
        self._last_error = _text(error)
        # A tick that fails at 30 Hz must not roll the log over: the same fault is told every few seconds.
        self._logger.error(self._last_error, **self._throttled)
        if not isinstance(error, AvatarRosError):
            self._logger.error("".join(traceback.format_exception(error)), **self._throttled)

    def worker_values(self, worker: StageWorker, now_s: float) -> dict[str, str]:
        """Queue and load of the worker since the last call."""
        (seen_s, seen_busy_s), busy_s = self._seen, worker.busy_s
        self._seen = (now_s, busy_s)
        return {
            "queued": str(worker.queued),
            "dropped": str(worker.dropped),
            "errors": str(self._errors),
            "busy_percent": f"{100 * (busy_s - seen_busy_s) / max(now_s - seen_s, 1e-3):.0f}",
        }

    def publish(self, values: Mapping[str, str], dropped: int, refused: Sequence[str]) -> None:
        """Publish `values` and what went wrong since the last call.

        dropped: messages lost to a full queue so far; refused: news of messages that were not let in.
        """
        values, news = dict(values), list(refused)
        if (self._errors, dropped) != self._told_faults:
            news.insert(0, self._last_error or f"{dropped} messages dropped: the queue is full")
        self._told_faults = (self._errors, dropped)
        if news and not values.get("error"):
            values["warning"] = "; ".join(filter(None, (values.get("warning", ""), *news)))
        if self._last_error:
            values["last_error"] = self._last_error
        self._diagnostics.publish(values)


def _text(error: Exception) -> str:
    return f"{getattr(error, 'code', type(error).__name__)}: {error}"
