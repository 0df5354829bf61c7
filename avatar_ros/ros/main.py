"""What every node's executable does: start ROS, take the node's lock, serve, leave with a meaningful exit code."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from types import FrameType

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from ..core.errors import AvatarRosError, ConfigError
from ..core.exit_codes import DONE_IS_OK, DONE_LINE, EXIT_DONE, EXIT_OK, exit_code_of
from ..core.host_lock import hold_name
from ..core.machine import machine_fault
from ..core.network_interfaces import own_ipv4
from ..core.private import keep_private
from ..core.ros_network import Network
from ..core.run import RUN_BEGAN
from .node_spec import NodeSpec
from .overrides import Overrides
from .reach_keeper import ReachKeeper
from .shared_memory import remove_dead_segments
from .spin import spin
from .stage_node import StageNode
from .start import start_ros

RCLError = rclpy_implementation.RCLError
RCLInvalidROSArgsError = rclpy_implementation.RCLInvalidROSArgsError
UnknownROSArgsError = rclpy_implementation.UnknownROSArgsError

#: What Fast DDS says where it was built without SROS 2.
_NO_SECURITY = "doesn't have the security libraries"

#: A node is two or three threads that hand messages on: Python's usual 5 ms is longer than a hop between two nodes.
SWITCH_INTERVAL_S = 0.001


class StopSignals:
    """Notes SIGINT and SIGTERM. rclpy's own handlers would take the context away from a worker that is publishing."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def end(self) -> None:
        """What comes now changes nothing: the interpreter's own end, slow on a busy machine, would die of it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _init(args: list[str] | None) -> Network:
    """Start rclpy; what was decided of the network. Raises ConfigError for arguments and files that it cannot read."""
    try:
        network = start_ros(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except (RCLError, RCLInvalidROSArgsError, UnknownROSArgsError) as error:
        raise ConfigError("ros_arguments", _one_line(error)) from error
    if RUN_BEGAN not in os.environ:  # else the runner or launch has checked
        network.check()
    return network


def _node(spec: NodeSpec, overrides: Overrides) -> StageNode:
    """Raises ConfigError where keys are asked for and the middleware knows none: it then makes no node at all."""
    try:
        return StageNode(spec, overrides)
    except RCLError as error:
        if _NO_SECURITY not in str(error):
            raise
        raise ConfigError(
            "no_security",
            "ROS_SECURITY_ENABLE is set, but this Fast DDS was built without SROS 2 (that of the wheels is): unset it "
            "and close the network another way (docs/network.md), or take a ROS 2 installation, which has it",
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # its reader has gone, or its disk is full
        print(text, file=sys.stderr, flush=True)


def _told(name: str, code: int) -> int:
    """Where DONE_IS_OK is set, being done is told by a line."""
    if code != EXIT_DONE or DONE_IS_OK not in os.environ:
        return code
    _say(f"[INFO] [{name}]: {DONE_LINE}")
    return EXIT_OK


def run(spec: NodeSpec, args: list[str] | None = None) -> int:
    """Run one stage node until it is told to stop; one of core/exit_codes.

    DDS is down when it returns. A process that ends while DDS still works leaves half a megabyte in /dev/shm, and may
    leave a lock of another process's shared memory closed for ever: that one's end then hangs.
    """
    keep_private()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    signals = StopSignals()
    remove_dead_segments()
    node = None
    try:
        overrides = Overrides.of(sys.argv if args is None else args)  # names a mistake and its line; rcl does not
        network = _init(args)
        began = own_ipv4()  # DDS looks for them now
        node = _node(spec, overrides)
        ReachKeeper(node, network.reach, began)
        node.network_line = "" if RUN_BEGAN in os.environ else network.line  # it was said by the runner or launch
        node.open_to_others = not network.closed
        name = node.get_fully_qualified_name()
        lock = hold_name(name, remedy="stop it, or give this one another name: -r __ns:=/avatar2")
        try:
            return _told(spec.name, spin(node, lambda: signals.asked))
        finally:
            lock.release()
    except (AvatarRosError, ImportError, MemoryError, OSError, RuntimeError) as error:
        known = machine_fault(error) or error
        if not isinstance(known, AvatarRosError):
            raise
        _say(f"[FATAL] [{spec.name}]: {known.code}: {known}")
        return exit_code_of(known)
    finally:
        signals.end()
        if node is not None:
            node.destroy_node()
        node = None  # its state machine keeps DDS up until it is freed
        gc.collect()
        rclpy.try_shutdown()
