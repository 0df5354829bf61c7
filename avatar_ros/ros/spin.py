"""The main loop of a node's process: serves the executor, watches that neither it nor the stage stands still."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from ..core.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_OK, EXIT_UNFINISHED
from .executor import LeanExecutor
from .stage_node import StageNode
from .watchdog import Watchdog

#: A signal is noticed within this time.
SPIN_S = 0.25


def spin(node: StageNode, stop_asked: Callable[[], bool]) -> int:
    """Serve the node until it is done, has failed, or is told to stop; the process's exit code."""
    executor = LeanExecutor()
    executor.add_node(node)
    executor.drowsy = node.drowsy
    watchdog = Watchdog(node.begun, node.stuck_limit_s, partial(_leave, node), node.used_s)
    if node.stuck_limit_s:
        watchdog.start()
    try:
        while node.exit_code is None and not node.finished and not stop_asked():
            node.rounds += 1
            executor.spin_once(timeout_sec=SPIN_S)
        done = node.finished
    finally:
        watchdog.stop()
        node.release()
        executor.shutdown(timeout_sec=0.5)
    if node.failure:
        node.get_logger().fatal(node.failure)
        return node.exit_code or EXIT_UNFINISHED
    return node.exit_code or (EXIT_DONE if done else EXIT_OK)


def _leave(node: StageNode, what: str) -> None:
    """End the process without asking what stands still to end: it would not."""
    print(
        f"[FATAL] [{node.get_name()}]: stuck: {what} has been at the same work for {node.stuck_limit_s:g} s; the node "
        "ends, so that it can be started again",
        file=sys.stderr,
        flush=True,
    )
    os._exit(EXIT_FAILED)
