"""What is decided about the network, from the environment and the user's choice."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path
from unittest.mock import Mock

import pytest

from avatar_ros.cli import main
from avatar_ros.commands.open_sockets import reachable_from_outside
from avatar_ros.core.errors import ConfigError, MachineError
from avatar_ros.core.ros_network import Reach, network, parse_reach, users_environment

PROFILE, RANGE = "FASTRTPS_DEFAULT_PROFILES_FILE", "ROS_AUTOMATIC_DISCOVERY_RANGE"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Profiles and stray files go here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def env_of(folder, **extra):
    return {"XDG_RUNTIME_DIR": str(folder), **extra}


def allowed(decided):
    """What the profile lets Fast DDS listen on; None where it does not say, or there is none."""
    if PROFILE not in decided.environment:
        return None
    tree = xml.etree.ElementTree.parse(decided.environment[PROFILE])
    names = [item for item in tree.iter() if item.tag.endswith("interfaceWhiteList")]
    return [item.text for item in names[0]] if names else None


@pytest.mark.parametrize("choice", ["", "local", " local "])
def test_closed_by_default(choice, own_folder):
    decided = network(env_of(own_folder), choice)
    assert decided.closed and allowed(decided) == ["127.0.0.1"]
    assert decided.environment[RANGE] == "SYSTEM_DEFAULT" and decided.environment["SKIP_DEFAULT_XML_FILE"] == "1"
    assert "local, nobody beyond this computer" in decided.line and "you set" not in decided.line
    assert Path(decided.environment[PROFILE]).stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    ("choice", "reach", "listens", "discovery"),
    [
        ("lan", Reach(True), None, {RANGE: "SUBNET"}),
        ("lan:eth0", Reach(True, ("eth0",)), ["127.0.0.1", "eth0"], {RANGE: "SUBNET"}),
        ("lan:10.0.0.2", Reach(True, (), ("10.0.0.2",)), None, {RANGE: "LOCALHOST", "ROS_STATIC_PEERS": "10.0.0.2"}),
        (
            "lan:10.0.0.2, br-1.5 ,10.0.0.3",
            Reach(True, ("br-1.5",), ("10.0.0.2", "10.0.0.3")),
            ["127.0.0.1", "br-1.5"],
            {RANGE: "SUBNET", "ROS_STATIC_PEERS": "10.0.0.2;10.0.0.3"},
        ),
    ],
)
def test_opened_by_name(choice, reach, listens, discovery, own_folder):
    decided = network(env_of(own_folder), choice)
    assert parse_reach(choice) == reach == decided.reach
    assert not decided.closed and "OPEN" in decided.line and allowed(decided) == listens
    assert {name: decided.environment.get(name) for name in discovery} == discovery
    assert network(env_of(own_folder, AVATAR_ROS_NETWORK=choice)) == decided


@pytest.mark.parametrize("choice", ["lan", "lan:eth0", "lan:10.0.0.2"])
def test_what_is_lost_on_the_way_is_repaired_soon(choice, own_folder):
    tree = xml.etree.ElementTree.parse(network(env_of(own_folder), choice).environment[PROFILE])
    (period,) = [item for item in tree.iter() if item.tag.endswith("heartbeatPeriod")]
    assert [int(item.text) for item in period] == [0, 50_000_000]


def sockets(decided):
    """Ports that the profile has messages sent to: 0 is the usual one. [] where Fast DDS chooses its own."""
    tree = xml.etree.ElementTree.parse(decided.environment[PROFILE])
    lists = [item for item in tree.iter() if item.tag.endswith("defaultUnicastLocatorList")]
    ports = [
        [item.text for item in locator.iter() if item.tag.endswith("port")] for found in lists for locator in found
    ]
    return [int(port[0]) if port else 0 for port in ports]


@pytest.mark.parametrize("choice", ["lan", "lan:eth0", "lan:10.0.0.2", "lan:eth0,10.0.0.2"])
@pytest.mark.parametrize("domain", ["", "0", "82", "231", "232", "1000", "no number"])
def test_what_a_turn_waits_for_is_sent_twice_within_the_ports_of_the_domain(choice, domain, own_folder):
    decided = network(env_of(own_folder, AVATAR_ROS_TWICE="1", ROS_DOMAIN_ID=domain), choice)
    first = 7400 + 250 * (min(int(domain), 232) if domain.isdecimal() else 0)
    usual, second = sockets(decided)
    assert usual == 0 and first + 10 + 2 * 32 < second, "beyond the sockets of all that find each other"
    assert second + 2 * 16 <= min(first + 249, 65535) and second % 2, (
        "room for second ones, and none is one of discovery"
    )
    assert allowed(decided) == allowed(network(env_of(own_folder), choice))


@pytest.mark.parametrize(
    ("choice", "variables"),
    [("lan:eth0", {}), ("lan", {"AVATAR_ROS_TWICE": "0"}), ("local", {"AVATAR_ROS_TWICE": "1"})],
)
def test_all_else_is_sent_once_and_by_shared_memory(choice, variables, own_folder):
    assert sockets(network(env_of(own_folder, **variables), choice)) == []


@pytest.mark.parametrize(
    "text",
    ["wan", "LAN", "lan,eth0", "lan:", "lan:a,", "lan:two words", "lan:fe80::1",
     "local:lo", "lan:averyveryverylongname", "lan:<x/>", "lan:1.2.3.4/24", "\x1b[2J"]
)  # fmt: skip
def test_unknown_values_are_refused_with_the_known_ones(text, capsys, monkeypatch):
    with pytest.raises(ConfigError, match="known: local, lan, lan:INTERFACE_OR_IPV4"):
        network({}, text)
    assert main(["kiosk", "--network", text]) == 2
    monkeypatch.setenv("AVATAR_ROS_NETWORK", text)
    assert main(["kiosk", "--display", "off", "--mic", "none"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_an_interface_that_is_not_there_is_named(own_folder):
    with pytest.raises(ConfigError, match="interface 'nosuch0'; known: "):
        network(env_of(own_folder), "lan:nosuch0").check()
    network(env_of(own_folder)).check()


@pytest.mark.parametrize(
    "name", ["FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE", "RMW_IMPLEMENTATION"]
)
@pytest.mark.parametrize("choice", ["", "local"])
def test_the_users_transports_win_and_are_named(name, choice, own_folder):
    decided = network(env_of(own_folder, **{name: "rmw_mine"}), choice)
    assert decided.environment[name] == "rmw_mine" and f"you set {name}='rmw_mine'" in decided.line
    assert not decided.closed and "not closed" in decided.line.lower()
    assert decided.environment.get(PROFILE, "rmw_mine") == "rmw_mine"


@pytest.mark.parametrize(
    ("name", "value"),
    [(RANGE, "SUBNET"), (RANGE, "SYSTEM_DEFAULT"), ("ROS_STATIC_PEERS", "10.0.0.2"),
     ("ROS_DISCOVERY_SERVER", "10.0.0.2:11811"), ("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")],
)  # fmt: skip
def test_variables_that_open_do_so_unless_local_is_named(name, value, own_folder):
    opened = network(env_of(own_folder, **{name: value}))
    assert not opened.closed and allowed(opened) is None and opened.environment[name] == value
    assert f"NOT closed, since variables open it; local closes it; you set {name}='{value}'" in opened.line
    closed = network(env_of(own_folder, **{name: value}), "local")
    assert closed.closed and allowed(closed) == ["127.0.0.1"] and f"you set {name}=" in closed.line


@pytest.mark.parametrize(("name", "value"), [(RANGE, "LOCALHOST"), (RANGE, "OFF"), ("ROS_LOCALHOST_ONLY", "1")])
def test_variables_that_close_change_nothing(name, value, own_folder):
    decided = network(env_of(own_folder, **{name: value}))
    assert decided.closed and allowed(decided) == ["127.0.0.1"] and f"you set {name}='{value}'" in decided.line
    assert decided.environment[RANGE] == ("OFF" if value == "OFF" else "SYSTEM_DEFAULT")
    assert network(decided.environment, "lan").environment[name] == value, "the user's is back"


@pytest.mark.parametrize("rmw", ["rmw_cyclonedds_cpp", "rmw_zenoh_cpp", "rmw_connextdds"])
def test_other_middlewares_are_said_not_to_be_closed(rmw, own_folder):
    line = network(env_of(own_folder, RMW_IMPLEMENTATION=rmw), "local").line
    assert "NOT closed by avatar_ros" in line and rmw in line and "docs/network.md" in line


def test_a_child_decides_anew_from_what_the_user_set(own_folder):
    env = env_of(own_folder, ROS_DOMAIN_ID="5")
    local = network(env).environment
    assert network(local).environment == local and users_environment(local) == env
    assert network(local, "lan").environment == network(env, "lan").environment
    assert network({**local, RANGE: "SUBNET"}).environment[RANGE] == "SUBNET", "changed since: the user's"
    assert network({**local, "AVATAR_ROS_NETWORK_SET": "[damaged"}).environment[PROFILE] == local[PROFILE]


def test_a_profile_that_lies_in_the_folder_is_not_read_and_named(own_folder):
    (own_folder / "DEFAULT_FASTRTPS_PROFILES.xml").write_text("<profiles/>")
    assert "DEFAULT_FASTRTPS_PROFILES.xml in this folder is not read" in network(env_of(own_folder)).line


def test_what_somebody_put_where_the_profile_goes_is_replaced(own_folder):
    path = Path(network(env_of(own_folder)).environment[PROFILE])
    good, elsewhere = path.read_text(), own_folder / "elsewhere"
    elsewhere.write_text("untouched")
    path.unlink()
    path.symlink_to(elsewhere)
    network(env_of(own_folder))
    assert path.read_text() == good and not path.is_symlink() and elsewhere.read_text() == "untouched"


def test_a_full_disk_is_the_machines_fault_and_leaves_nothing(own_folder, monkeypatch):
    """`./avatar doctor` ended as for a bad argument, with nothing to do about it."""
    monkeypatch.setattr("os.replace", Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(MachineError, match=f"the disk is full.*{own_folder}.*free some space"):
        network(env_of(own_folder))
    assert not list(own_folder.iterdir())


@pytest.mark.parametrize(("free", "has"), [(64 * 2**20, True), (2**20, False)])
def test_shared_memory_is_used_where_there_is_room(free, has, own_folder, monkeypatch):
    monkeypatch.setattr("avatar_ros.core.ros_network.shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    decided = network(env_of(own_folder))
    assert ("SHM" in Path(decided.environment[PROFILE]).read_text()) is has
    assert decided.closed and ("too little room in /dev/shm" in decided.line) is not has


def test_sockets_that_others_can_reach_are_found():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inner, socket.socket() as outer:
        inner.bind(("127.0.0.1", 0))
        outer.bind(("0.0.0.0", 0))
        outer.listen()
        inside, outside = inner.getsockname()[1], outer.getsockname()[1]
        found = reachable_from_outside()
    assert f"tcp 0.0.0.0:{outside}" in found and not any(str(inside) in line for line in found)


def test_what_runs_before_anything_is_installed_needs_no_numpy():
    script = "import sys; sys.modules['numpy'] = None; import avatar_ros.core.ros_network"
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).resolve().parents[3], capture_output=True)
    assert done.returncode == 0, re.sub(r"\s+", " ", done.stderr.decode())
