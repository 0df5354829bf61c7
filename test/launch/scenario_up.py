"""A launch test: every node of the kiosk comes up, and all leave when asked. Run by test_kiosk_launch.py."""

from __future__ import annotations

import unittest
from pathlib import Path

import launch_testing.actions
import launch_testing.asserts
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

from avatar_ros.bringup.graph import START_ORDER
from launch import LaunchDescription

KIOSK = Path(__file__).resolve().parents[2] / "launch/kiosk.launch.py"
#: A busy machine may take long; this only catches a hang.
READY_TIMEOUT_S = 60.0


def generate_test_description() -> LaunchDescription:
    """The kiosk as `ros2 launch` starts it, without microphone and screen."""
    arguments = {"mic": "none", "display": "off", "namespace": "launched"}
    kiosk = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items())
    return LaunchDescription([kiosk, launch_testing.actions.ReadyToTest()])


class TestUp(unittest.TestCase):
    def test_every_node_becomes_ready(self, proc_output):
        for name in START_ORDER:
            proc_output.assertWaitFor(f"[launched.{name}]: ready after", timeout=READY_TIMEOUT_S)


@launch_testing.post_shutdown_test()
class TestDown(unittest.TestCase):
    def test_every_node_leaves_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)

