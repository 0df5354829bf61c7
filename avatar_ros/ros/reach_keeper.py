"""Ends a node that nobody on the network can reach as it began, so that it is started again: DDS looks only once."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.clock import Clock, ClockType

from ..core.exit_codes import EXIT_NETWORK
from ..core.network_interfaces import Addresses, AddressWatch, own_ipv4
from ..core.ros_network import Reach
from .stage_node import StageNode

_LOOK_S = 1.0
#: Parameter of a node whose work would be cut in two: it stays as it is.
_RECORDS = "record.path"


class ReachKeeper:
    """began: the addresses that there were when its DDS began."""

    def __init__(
        self, node: StageNode, reach: Reach, began: Addresses, look: Callable[[], Addresses] = own_ipv4
    ) -> None:
        self._node, self._look = node, look
        self._watch = AddressWatch(reach.interfaces, began)
        if reach.lan:
            node.create_timer(_LOOK_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _check(self) -> None:
        news = self._watch.look(self._look(), time.monotonic())
        if news and not (self._node.has_parameter(_RECORDS) and self._node.get_parameter(_RECORDS).value):
            self._node.get_logger().warning(f"{news}: nobody reaches this node there, so it begins anew")
            self._node.exit_code = EXIT_NETWORK
