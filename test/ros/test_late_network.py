"""A node that began before its network was there is found by other computers all the same: it begins anew.

A real runner and node in one network namespace, a program of another computer in the other one. DDS alone never mends
this: its sockets stand on the addresses that there were when the node was made.
"""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from two_networks import INTERFACE, Program, ip, two_networks, wait_until_down

pytestmark = pytest.mark.ros
HOME, OUTSIDE, LATER = "10.99.1.1", "10.99.1.2", "10.99.1.3"
NAME = "late_network"
FOUND_BY_MULTICAST = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}


@pytest.fixture(scope="module")
def networks():
    with two_networks(HOME, OUTSIDE) as names:
        yield names


def carrier_comes(home, outside):
    ip("-n", outside, "link", "set", INTERFACE, "up")


def address_changes(home, outside):
    ip("-n", home, "address", "del", f"{HOME}/24", "dev", INTERFACE)
    ip("-n", home, "address", "add", f"{LATER}/24", "dev", INTERFACE)


def test_a_node_is_found_whose_network_came_late_or_changed(networks, tmp_path):
    home, outside = networks
    ip("-n", outside, "link", "set", INTERFACE, "down")  # the other end: no carrier here
    wait_until_down(home)
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "AVATAR_ROS_NETWORK": f"lan:{INTERFACE}"}
    with Program(home, "one_node.py", NAME, **env) as half:
        half.until("ready after")
        half.until(f"network: {INTERFACE}: no carrier or no address yet")
        for change, address in ((carrier_comes, HOME), (address_changes, LATER)):
            since = len(half.lines)
            change(home, outside)
            half.until(f"{INTERFACE} has the address {address} now", since)
            half.until("its network came late, or changed", since)
            half.until("ready after", since)
            with Program(outside, "sees_nodes.py", NAME, "monitor_node", **FOUND_BY_MULTICAST) as peer:
                peer.until("seen")
