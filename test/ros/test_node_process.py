"""How a node's process leaves: nothing of DDS stays behind it. How it does not begin: without the keys asked for."""

import contextlib
import importlib.metadata
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

pytestmark = pytest.mark.ros

#: As a fork of the kiosk ends: the interpreter does not tidy up after main().
NODE = """
import os
from avatar_ros.nodes.expression_node import main

code = main()
print("left", code, flush=True)
os._exit(0)
"""


def own_segments(pid):
    """The shared memory of a process's own participants, not of those it talks to: whose locks it holds open."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.append(os.readlink(link))
    locks = [Path(link) for link in links if link.startswith("/dev/shm/fastrtps_") and link.endswith("_el")]
    return [lock.with_name(lock.name.removesuffix("_el")) for lock in locks if "port" not in lock.name]


def test_a_node_that_ends_leaves_no_shared_memory():
    """DDS's memory of a dead process stays for ever, and a lock that it held there stops those who live."""
    with subprocess.Popen(
        [sys.executable, "-c", NODE, "--ros-args", "-r", "__ns:=/leaves"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as node:
        try:
            begun = next(line for line in node.stdout if "ready after" in line)
            segments = own_segments(node.pid)
            there = [segment.exists() for segment in segments]
            node.send_signal(signal.SIGTERM)
            rest = node.stdout.read()
        finally:
            node.kill()
    if not segments:
        pytest.skip("this DDS uses no shared memory")
    assert begun and "left 0" in rest, rest
    assert all(there) and not [segment for segment in segments if segment.exists()]


def of_the_wheels():
    try:
        return bool(importlib.metadata.version("ros-fastrtps"))
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.mark.skipif(not of_the_wheels(), reason="an installed ROS 2 has SROS 2")
@pytest.mark.parametrize("strategy", ["Enforce", "Permissive"])
def test_keys_that_this_dds_cannot_use_are_refused_in_one_line(tmp_path, strategy):
    """It does not go on unprotected."""
    (tmp_path / "enclaves").mkdir()
    keys = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": strategy, "ROS_SECURITY_KEYSTORE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "avatar_ros.nodes.expression_node"],
        env={**os.environ, **keys}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "no_security: ROS_SECURITY_ENABLE is set" in done.stderr and "Traceback" not in done.stderr
