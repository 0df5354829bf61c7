"""A node that a lifecycle manager activates has a bond with it, as nav2's do: tried with bondpy at the other end."""

import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("bond.msg", reason="needs the package bond (ros-jazzy-bond), of which there is no wheel")
pytest.importorskip("bondpy.bondpy", reason="needs bondpy (ros-jazzy-bondpy), of which there is no wheel")

import rclpy
from bond.msg import Status
from bondpy.bondpy import Bond, Duration
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor

from spinning import Spinning

pytestmark = pytest.mark.ros
PATIENCE_S = 60.0
NAME = "monitor_node"


@pytest.fixture
def manager(ros):
    """What a lifecycle manager is: a node in the avatar's namespace."""
    ros_node = rclpy.create_node("lifecycle_manager", namespace="bonded")
    executor = SingleThreadedExecutor()
    executor.add_node(ros_node)
    spinning = Spinning(executor)
    ros_node.bonds = []
    yield ros_node
    spinning.close()
    for bond in ros_node.bonds:
        bond.shutdown()
    ros_node.destroy_node()


@pytest.fixture
def process(tmp_path):
    names = ["-r", "__ns:=/bonded", "-r", f"__node:={NAME}"]
    command = [sys.executable, "-m", f"avatar_ros.nodes.{NAME}", "--ros-args", *names, "-p", "autostart:=false"]
    running = subprocess.Popen([*command, "--disable-external-lib-logs"], cwd=tmp_path)
    yield running
    running.send_signal(signal.SIGINT)
    running.wait(PATIENCE_S)


def change(manager, transition):
    client = manager.create_client(ChangeState, f"{NAME}/change_state")
    assert client.wait_for_service(PATIENCE_S)
    done = threading.Event()
    future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
    future.add_done_callback(lambda _: done.set())
    assert done.wait(PATIENCE_S) and future.result().success


def bonded(manager):
    """A bond that has formed, and what tells that it broke."""
    broken = threading.Event()
    made = Bond(manager, "bond", NAME, on_broken=broken.set)
    manager.bonds.append(made)
    beats = []
    manager.create_subscription(Status, "bond", lambda status: beats.append(status.active), 10)
    made.start()
    assert made.wait_until_formed(Duration(seconds=PATIENCE_S))
    for _ in range(int(PATIENCE_S / 0.05)):  # the time of a silence counts from the second sign of life
        if beats.count(True) > 8:
            return broken
        broken.wait(0.05)
    raise AssertionError("it says nothing more")


def test_it_forms_when_the_node_is_activated_and_breaks_when_it_is_deactivated_or_killed(manager, process):
    change(manager, Transition.TRANSITION_CONFIGURE)
    change(manager, Transition.TRANSITION_ACTIVATE)
    broken = bonded(manager)
    change(manager, Transition.TRANSITION_DEACTIVATE)
    assert broken.wait(PATIENCE_S)
    change(manager, Transition.TRANSITION_ACTIVATE)
    broken = bonded(manager)
    process.kill()
    assert broken.wait(PATIENCE_S)
