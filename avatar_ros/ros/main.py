"""What every node's executable does: start ROS, take the node's lock, serve, leave with a meaningful exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from ..core import shared_memory
from ..core.errors import ConfigError
from ..core.exit_codes import EXIT_CONFIG
from ..core.lock import hold_name
from ..core.private import keep_private
from ..core.run import RUN_BEGAN
from .stage_node import NodeSpec, StageNode, spin
from .start import start_ros

RCLError = rclpy_implementation.RCLError
RCLInvalidROSArgsError = rclpy_implementation.RCLInvalidROSArgsError
UnknownROSArgsError = rclpy_implementation.UnknownROSArgsError


#: A node is two or three threads that hand messages on: Python's usual 5 ms is longer than a hop between two nodes.
SWITCH_INTERVAL_S = 0.001


class StopSignals:
    """Notes SIGINT and SIGTERM. rclpy's own handlers would take the context away from a worker that is publishing."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _init(args: list[str] | None) -> str:
    """Start rclpy; what to say of the network. Raises ConfigError for arguments and files that it cannot read."""
    try:
        network = start_ros(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except (RCLError, RCLInvalidROSArgsError, UnknownROSArgsError) as error:
        raise ConfigError("ros_arguments", " ".join(str(error).split())) from error
    if RUN_BEGAN in os.environ:  # whoever began the run has looked and said it
        return ""
    network.check()
    return network.line


def run(spec: NodeSpec, args: list[str] | None = None) -> int:
    """Run one stage node until it is told to stop. 0: asked to stop; 10: done; 2: bad
    configuration; 1: it failed.

    DDS is down when it returns. A process that ends while DDS still works leaves half a megabyte in /dev/shm, and may
    leave a lock of another process's shared memory closed for ever: that one's end then hangs.
    """
    keep_private()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    signals = StopSignals()
    shared_memory.clean()
    node = None
    try:
        greeting = _init(args)
        node = StageNode(spec)
        node.greeting = greeting
        name = node.get_fully_qualified_name()
        lock = hold_name(name, remedy="stop it, or give this one another name: -r __ns:=/avatar2")
        try:
            return spin(node, lambda: signals.asked)
        finally:
            lock.release()
    except ConfigError as error:
        print(f"[FATAL] [{spec.name}]: {error.code}: {error}", file=sys.stderr, flush=True)
        return EXIT_CONFIG
    finally:
        if node is not None:
            node.destroy_node()
        node = None  # its state machine keeps DDS up until it is freed
        gc.collect()
        rclpy.try_shutdown()
