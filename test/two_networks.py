"""Two network namespaces of our own, joined by a veth: two computers and the cable between them. Needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from avatar_ros.core.ros_network import users_environment
from avatar_ros.testing.logged_process import LoggedProcess

INTERFACE = "veth0"
_ALONE = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh")
_WAIT_S = 120.0


def ip(*words: str) -> str:
    """What the command prints; raises CalledProcessError."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=30).stdout


def wait_until_down(network: str) -> None:
    """Until the kernel tells that INTERFACE has no carrier, which takes it up to a second."""
    end_s = time.monotonic() + _WAIT_S
    while " state UP " in ip("-n", network, "-o", "link", "show", INTERFACE):
        assert time.monotonic() < end_s, f"{INTERFACE} still has a carrier"
        time.sleep(0.02)


@contextlib.contextmanager
def two_networks(*addresses: str) -> Iterator[list[str]]:
    """Their names, while they last. addresses: IPv4 of INTERFACE in each. Skips where they cannot be made."""
    if shutil.which("ip") is None:
        pytest.skip("needs `ip` (iproute2)")
    names = [f"avatar{os.getpid()}{side}" for side in "ab"]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", INTERFACE, "netns", names[0], "type", "veth", "peer", "name", INTERFACE, "netns", names[1])
        for name, address in zip(names, addresses, strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", INTERFACE)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", INTERFACE, "up")
    except subprocess.CalledProcessError as error:
        _remove(names)
        pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
    try:
        yield names
    finally:
        _remove(names)


def _remove(names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("netns", "del", name)


class Program(LoggedProcess):
    """A Python file of test/ in one of the networks, with a /dev/shm of its own. env: over ROS's default settings."""

    def __init__(self, network: str, file: str, *arguments: str, **env: str) -> None:
        command = ["ip", "netns", "exec", network, *_ALONE, sys.executable, str(Path(__file__).with_name(file))]
        super().__init__([*command, *arguments], {**users_environment(os.environ), **env})
