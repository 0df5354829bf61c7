"""The time of headers: the node's clock, which is the wall clock, or with use_sim_time what comes on /clock.

Nothing is computed from it: sound, lips and waits go by the steady clock, simulated or not. Before the first /clock it
is 0, as in any ROS node.
"""

from __future__ import annotations

import time

from rclpy.node import Node


def now_ns(node: Node) -> int:
    """The node's clock, ns."""
    return int(node.get_clock().now().nanoseconds)


def at_ns(node: Node, steady_s: float) -> int:
    """The node's clock at an instant of the steady clock, ns; asked anew each time, since a wall clock may be set.

    A simulated clock has a pace of its own and is not foretold: then it is the present.
    """
    clock = node.get_clock()
    if getattr(clock, "ros_time_is_active", False):
        return now_ns(node)
    return time.time_ns() + round((steady_s - time.monotonic()) * 1e9)
