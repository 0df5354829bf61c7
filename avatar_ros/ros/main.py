"""What every node's executable does: start ROS, take the node's lock, serve, leave with a meaningful exit code."""

from __future__ import annotations

import sys

import rclpy

from ..core.errors import ConfigError
from ..core.lock import hold_name
from .stage_node import EXIT_CONFIG, NodeSpec, StageNode, spin


def run(spec: NodeSpec, args: list[str] | None = None) -> int:
    """Run one stage node until it is told to stop. 0: asked to stop; 2: bad configuration; 1: it failed."""
    rclpy.init(args=args)
    node = None
    try:
        node = StageNode(spec)
        name = node.get_fully_qualified_name()
        lock = hold_name(name, remedy="stop it, or give this one another name: -r __ns:=/avatar2")
        try:
            return spin(node)
        finally:
            lock.release()
    except ConfigError as error:
        print(f"[FATAL] [{spec.name}]: {error.code}: {error}", file=sys.stderr, flush=True)
        return EXIT_CONFIG
    except KeyboardInterrupt:
        return 0
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
