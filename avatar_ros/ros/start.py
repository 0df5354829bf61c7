"""The one place where a process of ours begins ROS 2: the network that it may be reached on is decided before."""

from __future__ import annotations

import os
from typing import Any

import rclpy

from ..core.ros_network import FAST_DDS, RMW, Network, network
from ..core.run import RUN_BEGAN


def start_ros(**arguments: Any) -> Network:
    """rclpy.init(**arguments), closed to other computers unless that was asked for (core/ros_network.py); then not
    before the interfaces have addresses, for a moment: DDS looks at them once.

    Raises ConfigError for an unknown AVATAR_ROS_NETWORK.
    """
    loaded = rclpy.get_rmw_implementation_identifier()
    decided = network(os.environ if loaded.startswith(FAST_DDS) else {**os.environ, RMW: loaded})
    for name in os.environ.keys() - decided.environment.keys():
        del os.environ[name]
    os.environ.update(decided.environment)
    if RUN_BEGAN not in os.environ:  # else the runner or launch has waited
        decided.wait()
    rclpy.init(**arguments)
    return decided
