"""The time of headers: the node's clock, which is the wall clock, or with use_sim_time what comes on /clock.

Nothing is computed from it: sound, lips and waits go by the steady clock, simulated or not. Before the first /clock it
is 0, as in any ROS node.
"""

from __future__ import annotations

from rclpy.node import Node

from ..core.clock import both_clocks, ns_from_s


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
    wall_ns, steady_ns = both_clocks()
    return wall_ns + ns_from_s(steady_s) - steady_ns
