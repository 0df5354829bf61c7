"""How a node's process leaves: nothing of DDS stays behind it."""

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
import sys
from avatar_ros.nodes.expression_node import main

def own_memory():
    names = {line.split()[-1] for line in open("/proc/self/maps") if "/dev/shm/fastrtps_" in line}
    return [name for name in names if "port" not in name and os.path.exists(name)]

code = main()
print("left", code, own_memory(), flush=True)
os._exit(0)
"""


def test_a_node_that_ends_leaves_no_shared_memory(monkeypatch):
    """DDS's memory of a dead process stays for ever, and a lock that it held there stops those who live."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "98")  # alone: the memory of others would be mapped as well
    with subprocess.Popen(
        [sys.executable, "-c", NODE, "--ros-args", "-r", "__ns:=/leaves"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as node:
        try:
            begun = next(line for line in node.stdout if "ready after" in line)
            maps = Path(f"/proc/{node.pid}/maps").read_text()
            node.send_signal(signal.SIGTERM)
            rest = node.stdout.read()
        finally:
            node.kill()
    if "/dev/shm/fastrtps_" not in maps:
        pytest.skip("this DDS uses no shared memory")
    assert begun and "left 0 []" in rest, rest
