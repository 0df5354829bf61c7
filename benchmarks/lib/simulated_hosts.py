"""Two hosts on one machine: a network, a /dev/shm and a clock each, and a cable between them. Needs root.

What is not simulated: two processors. Both share this machine's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatar_ros.core.errors import ConfigError
from avatar_ros.core.ros_network import users_environment

from .relay import DEVICE

_ROOT = Path(__file__).resolve().parents[2]
_NEEDED = ("ip", "unshare", "nsenter", "mount")
#: Holds a host's namespaces until its standard input ends: with a /dev/shm of its own.
_HOLD = "mount -t tmpfs tmpfs /dev/shm && echo $$ && read ended"


@dataclass(frozen=True)
class Cable:
    """A way of `delay_ms` in each direction that loses a share `loss` of the frames. None of both: a veth pair."""

    delay_ms: float = 0.0
    loss: float = 0.0
    seed: int = 1

    @property
    def plain(self) -> bool:
        return not self.delay_ms and not self.loss


@dataclass(frozen=True)
class Host:
    """prefix: what a command must begin with to run there, in `environment`; address: IPv4 of DEVICE;
    clock_ahead_s: of its CLOCK_MONOTONIC before this machine's.
    """

    name: str
    address: str
    clock_ahead_s: int
    environment: Mapping[str, str]
    prefix: tuple[str, ...]


def why_not() -> str:
    """What keeps this machine from simulating hosts; "" where nothing does."""
    if missing := [name for name in _NEEDED if shutil.which(name) is None]:
        return f"needs {', '.join(missing)}"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--time", "--monotonic", "1", "--fork", "true"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return tried.stderr.strip()


@contextmanager
def simulated_hosts(
    folder: Path, cable: Cable, clock_ahead_s: int = 100_000
) -> Iterator[tuple[Host, Host, dict[str, Any]]]:
    """(robot, offboard, news): the second host's clock is ahead; news["relay"] is there at the end.

    folder: for their lock files. Raises ConfigError where the machine cannot do it.
    """
    if why := why_not():
        raise ConfigError("no_namespaces", f"two hosts cannot be simulated here: {why}")
    names = [f"avatar{os.getpid()}{side}" for side in "ab"]
    news: dict[str, Any] = {}
    try:
        for name in names:
            _ip("netns", "add", name)
        with ExitStack() as stack:
            stack.enter_context(_veth(names) if cable.plain else _relay(names, cable, news))
            hosts = [
                stack.enter_context(_host(name, f"10.98.0.{i + 1}", i * clock_ahead_s, folder))
                for i, name in enumerate(names)
            ]
            for host in hosts:
                _ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", DEVICE)
                _ip("-n", host.name, "link", "set", "lo", "up")
                _ip("-n", host.name, "link", "set", DEVICE, "up")
            yield hosts[0], hosts[1], news
    except subprocess.CalledProcessError as error:
        raise ConfigError("no_namespaces", f"two hosts cannot be simulated here: {error.stderr.strip()}") from error
    finally:
        for name in names:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)


@contextmanager
def _host(name: str, address: str, clock_ahead_s: int, folder: Path) -> Iterator[Host]:
    own = folder / name
    own.mkdir()
    space = ["unshare", "--mount", "--time", "--monotonic", str(clock_ahead_s), "--fork", "--kill-child=SIGKILL"]
    command = ["ip", "netns", "exec", name, *space, "sh", "-c", _HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        pid = holder.stdout.readline().strip()
        if not pid:
            raise ConfigError("no_namespaces", "a simulated host did not start")
        prefix = ("nsenter", "--target", pid, "--mount", "--net", "--time", f"--wd={Path.cwd()}")
        yield Host(name, address, clock_ahead_s, {**users_environment(os.environ), "XDG_RUNTIME_DIR": str(own)}, prefix)
        holder.stdin.close()


@contextmanager
def _veth(names: Sequence[str]) -> Iterator[None]:
    first, second = names
    _ip("link", "add", DEVICE, "netns", first, "type", "veth", "peer", "name", DEVICE, "netns", second)
    yield


@contextmanager
def _relay(names: Sequence[str], cable: Cable, news: dict[str, Any]) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.lib.relay", *names, "--seed", str(cable.seed)]
    command += ["--delay-ms", str(cable.delay_ms), "--loss", str(cable.loss)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=_ROOT, **pipes) as relay:  # type: ignore[call-overload]
        assert relay.stdin is not None and relay.stdout is not None
        try:
            if relay.stdout.readline().strip() != "ready":
                raise ConfigError("no_namespaces", "the relay between the two hosts did not start")
            yield
        finally:
            relay.stdin.close()
            with suppress(ValueError):
                news["relay"] = json.loads(relay.stdout.read() or "null")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=30)
