"""Nobody beyond this computer reaches a kiosk: two network namespaces joined by a veth, and strangers in the other one.

    ./avatar exec python -m pytest test/ros/test_network_closed.py -p no:xdist -q -s     prints what each peer got
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import wave

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.bringup.graph import START_ORDER
from avatar_ros.commands.open_sockets import reachable_from_outside
from avatar_ros.core.ros_network import network, users_environment
from kiosk_process import ROOT, KioskProcess
from two_networks import two_networks

pytestmark = pytest.mark.ros
HOME, OUTSIDE = "10.99.0.1", "10.99.0.2"
WAIT_S = 120.0
#: Strangers announce themselves every 3 s.
TRIED_S = 7.0
NOTHING = {"nodes": 0, "microphone": 0, "speech": 0, "parameters": 0}


@pytest.fixture(scope="module")
def namespaces():
    """Names of two network namespaces of our own, HOME and OUTSIDE."""
    with two_networks(HOME, OUTSIDE) as names:
        yield names


class Peer:
    """test/network_peer.py in a network namespace, with ROS's default settings and `env`. got: what it has so far."""

    def __init__(self, namespace, kiosk, words, env=None, *, own_memory):
        self.words, self.got, self.errors = words, {}, []
        program = [sys.executable, str(ROOT / "test/network_peer.py"), kiosk, words]
        alone = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"] if own_memory else []
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, *alone, *program],
            env={**users_environment(os.environ), **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.got = json.loads(line)

    @property
    def figures(self):
        return {name: self.got[name] for name in NOTHING}

    @property
    def has_all(self):
        return bool(self.got) and all(self.figures.values()) and self.was_spoken_to(self)

    def was_spoken_to(self, peer):
        """Whether the kiosk spoke that peer's words, as far as this one heard."""
        return any(peer.words in text for text in self.got.get("sentences", ()))

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(30)
        self._reader.join(30)


def strangers(namespace, kiosk, folder):
    """One with static peers, one with unicast locators for the ports of the first 20 processes of the domain."""
    first = 7400 + 250 * int(os.environ["ROS_DOMAIN_ID"]) + 10
    locators = "".join(
        f"<locator><udpv4><address>{HOME}</address><port>{first + 2 * i}</port></udpv4></locator>" for i in range(20)
    )
    profile = folder / "locators.xml"
    profile.write_text(
        '<profiles xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><participant profile_name="p" '
        f'is_default_profile="true"><rtps><builtin><initialPeersList>{locators}</initialPeersList></builtin></rtps>'
        "</participant></profiles>"
    )
    peers = {"ROS_STATIC_PEERS": HOME}
    return [
        Peer(namespace, kiosk, "static peers", peers, own_memory=True),
        Peer(namespace, kiosk, "unicast locators", {"FASTRTPS_DEFAULT_PROFILES_FILE": str(profile)}, own_memory=True),
    ]


def until(condition, kiosk, *peers):
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, f"{[peer.got for peer in peers]}\n{kiosk.log}"
        time.sleep(0.1)


@contextlib.contextmanager
def scene(namespaces, folder, name, *arguments):
    """A kiosk with a microphone in HOME, two programs of its own computer there (one without shared memory, on which
    nothing may hang), two strangers OUTSIDE.
    """
    sound = folder / "silence.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000 * 300))
    prefix = ("ip", "netns", "exec", namespaces[0])
    with contextlib.ExitStack() as stack:
        kiosk = stack.enter_context(
            KioskProcess("--mic", sound, "--display", "off", *arguments, namespace=name, prefix=prefix)
        )
        peers = [
            Peer(namespaces[0], name, "own program", own_memory=False),
            Peer(namespaces[0], name, "own sockets", {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}, own_memory=True),
        ]
        peers += strangers(namespaces[1], name, folder)
        for peer in peers:
            stack.callback(peer.close)
        yield kiosk, peers
    for peer in peers:
        print(f"{name}: {peer.words}: {peer.got}")


def test_strangers_get_nothing_and_the_computers_own_programs_everything(namespaces, tmp_path):
    with scene(namespaces, tmp_path, "closed") as (kiosk, (*own, first, second)):
        until(lambda: all(peer.has_all and peer.got["nodes"] >= len(START_ORDER) for peer in own), kiosk, *own)
        time.sleep(TRIED_S)  # what must not happen has no other end
        reachable = {name: reachable_from_outside(kiosk.node_pid(name)) for name in START_ORDER}
    assert "network: local, nobody beyond this computer" in kiosk.log
    assert reachable == {name: [] for name in START_ORDER}
    for stranger in (first, second):
        assert stranger.figures == NOTHING and stranger.got["sentences"] == [], stranger.words
        assert not any(peer.was_spoken_to(stranger) for peer in own)


def test_opened_it_is_reached_by_the_same_strangers(namespaces, tmp_path):
    with scene(namespaces, tmp_path, "opened", "--network", "lan:veth0") as (kiosk, peers):
        until(lambda: all(peer.has_all for peer in peers), kiosk, *peers)
    assert "network: lan, OPEN" in kiosk.log
    assert all(peer.has_all for peer in peers)


STRAY = """<profiles xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><participant profile_name="stray"
is_default_profile="true"><rtps><useBuiltinTransports>true</useBuiltinTransports></rtps></participant></profiles>"""
NODE = "import sys; from avatar_ros.nodes.llm_node import main; sys.exit(main())"
LISTENER = "from avatar_ros.ros.listener import Listener\nwith Listener('alone'): print('ready', flush=True); input()"


@pytest.mark.parametrize("user", [{}, {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, {"AVATAR_ROS_NETWORK": "lan"}])
@pytest.mark.parametrize("program", [NODE, LISTENER], ids=["node", "listener"])
def test_a_process_of_ours_started_by_itself_is_closed_too(program, user, tmp_path):
    """Also in a folder with somebody's DEFAULT_FASTRTPS_PROFILES.xml, which Fast DDS lays over any other profile."""
    (tmp_path / "DEFAULT_FASTRTPS_PROFILES.xml").write_text(STRAY)
    command = [sys.executable, "-c", program]
    env = {**users_environment(os.environ), **user}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=env, **pipes) as process:
        lines = []
        while lines[-1:] != [""] and "ready" not in "".join(lines):
            lines.append(process.stdout.readline())
        reachable = reachable_from_outside(process.pid)
        process.kill()
    assert "ready" in lines[-1], lines
    assert bool(reachable) is ("AVATAR_ROS_NETWORK" in user), reachable
    if program is NODE:
        assert network(env).line.partition(";")[0] in "".join(lines)
