"""When a process must begin anew to be reached on its network: told addresses and the time."""

from __future__ import annotations

import socket

import pytest

from avatar_ros.core import ros_network
from avatar_ros.core.network_interfaces import Address, AddressWatch, own_ipv4, wait_for_addresses, without_address
from avatar_ros.core.ros_network import network

ETH, WIFI = Address("eth0", "10.0.0.1"), Address("wlan0", "10.1.0.1")
ETH_UNPLUGGED, ETH_MOVED = Address("eth0", "10.0.0.1", running=False), Address("eth0", "10.0.0.7")


def news(watch, *looks):
    """What the watch says at 0, 1, 2 … s, where it finds these addresses."""
    return [watch.look(frozenset(found), float(now_s)) for now_s, found in enumerate(looks)]


@pytest.mark.parametrize("interfaces", [("eth0",), ()])
@pytest.mark.parametrize("began", [set(), {ETH_UNPLUGGED}])
def test_an_address_that_came_after_the_start_is_told_once_it_stays(interfaces, began):
    watch = AddressWatch(interfaces, frozenset(began))
    told = news(watch, began, {ETH}, {ETH}, began, {ETH}, {ETH}, {ETH})
    assert told == [*[""] * 6, "eth0 has the address 10.0.0.1 now"]


def test_a_cable_that_is_pulled_and_put_back_is_no_reason():
    watch = AddressWatch(("eth0",), frozenset({ETH}))
    assert not any(news(watch, {ETH}, *[{ETH_UNPLUGGED}] * 60, *[{ETH}] * 60))


@pytest.mark.parametrize("later", [ETH_MOVED, ETH])
def test_an_address_that_was_taken_away_is_lost_also_where_it_comes_back(later):
    watch = AddressWatch(("eth0",), frozenset({ETH}))
    assert news(watch, {ETH}, set(), {later}, {later}, {later}) == [*[""] * 4, f"eth0 has the address {later.ipv4} now"]


def test_each_named_interface_counts_and_no_other():
    both = AddressWatch(("eth0", "wlan0"), frozenset({ETH}))
    assert news(both, *[{ETH, WIFI}] * 3)[-1] == "wlan0 has the address 10.1.0.1 now"
    assert not any(news(AddressWatch(("eth0",), frozenset({ETH})), *[{ETH, WIFI}] * 5))


def test_of_any_interface_one_that_is_left_is_enough():
    """`docker run` on a kiosk that is open on all interfaces, or a second address, must not start it anew."""
    watch = AddressWatch((), frozenset({ETH}))
    assert not any(news(watch, *[{ETH, WIFI, ETH_MOVED}] * 5, *[{ETH}] * 5))
    assert news(watch, *[{WIFI}] * 3)[-1] == "wlan0 has the address 10.1.0.1 now"


def test_waits_until_all_have_an_address_and_no_longer_than_it_may():
    now_s = [0.0]

    def sleep(seconds):
        now_s[0] += seconds

    def look():
        return frozenset({ETH, WIFI} if now_s[0] > 1 else {ETH, Address("wlan0", "10.1.0.1", running=False)})

    assert wait_for_addresses(("eth0", "wlan0"), 3.0, look, lambda: now_s[0], sleep) == []
    assert 1 < now_s[0] < 1.1
    assert wait_for_addresses(("eth0", "usb0"), 3.0, look, lambda: now_s[0], sleep) == ["usb0"]
    assert 4 < now_s[0] < 4.2


def test_any_interface_is_said_to_lack_an_address_only_where_all_do():
    assert without_address((), frozenset({ETH_UNPLUGGED})) == ["any interface"]
    assert without_address((), frozenset({ETH_UNPLUGGED, WIFI})) == []


def test_what_is_lacking_is_told_and_nothing_waits_where_it_is_closed(tmp_path, monkeypatch):
    asked = []

    def lacking(interfaces, longest_s):
        asked.append(tuple(interfaces))
        return list(interfaces)

    monkeypatch.setattr(ros_network, "wait_for_addresses", lacking)
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert network(env, "local").wait() == "" and asked == []
    told = network(env, "lan:eth0,wlan0,10.0.0.2").wait()
    assert asked == [("eth0", "wlan0")] and told.startswith("network: eth0, wlan0: no carrier or no address yet")


def test_this_computers_addresses_are_those_that_sockets_stand_on():
    found = own_ipv4()
    names = {name for _, name in socket.if_nameindex()}
    for address in found:
        assert address.interface in names and not address.ipv4.startswith("127.")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind((address.ipv4, 0))
