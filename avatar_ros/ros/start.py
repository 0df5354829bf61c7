"""The one place where a process of ours begins ROS 2: the network that it may be reached on is decided before."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import Any

import rclpy
from rclpy.utilities import get_default_context

from ..core.ros_network import FAST_DDS, RMW, Network, network
from ..core.run import RUN_BEGAN

#: What rclpy says where it cannot make a log folder or file.
_LOG_FILE = re.compile(r"logging|log file|\.log for writing|log directory")
_NO_LOG_FILE = ("--ros-args", "--disable-external-lib-logs")


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
    try:
        rclpy.init(**arguments)
    except RuntimeError as error:  # RCLError is one
        if not _LOG_FILE.search(str(error)):
            raise
        _init_without_log_file(arguments, error)
    return decided


def _init_without_log_file(arguments: dict[str, Any], error: RuntimeError) -> None:
    """A full disk, or a home that cannot be written, costs log lines, not the process."""
    with contextlib.suppress(OSError):  # its reader has gone, or its disk is full
        print(f"[WARN] no log file: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    if (context := arguments.get("context")) is not None and context.ok():
        return  # initialised it is: the log file came last
    get_default_context(shutting_down=True)  # a context is initialised once: let go of it
    args = arguments.get("args")
    rclpy.init(**arguments | {"args": [*(sys.argv if args is None else args), *_NO_LOG_FILE]})
