"""A launch test: a node that refuses its configuration ends the launch at once. Run by test_kiosk_launch.py."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import launch_testing.actions
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

from launch import LaunchDescription

KIOSK = Path(__file__).resolve().parents[2] / "launch/kiosk.launch.py"
PROFILE = """
/**/vad_node:
  ros__parameters:
    backend: nonsense
"""


def generate_test_description() -> LaunchDescription:
    """A kiosk whose profile names a backend that does not exist."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write(PROFILE)
    arguments = {"mic": "none", "display": "off", "namespace": "launched", "profile": file.name}
    kiosk = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items())
    return LaunchDescription([kiosk, launch_testing.actions.ReadyToTest()])


class TestRefused(unittest.TestCase):
    def test_it_says_what_is_wrong(self, proc_output, proc_info):
        proc_output.assertWaitFor("unknown vad backend 'nonsense'", timeout=60.0)
        # The node's exit code 2 shuts all of it down, before anybody asks for that.
        for name in proc_output.process_names():
            proc_info.assertWaitForShutdown(process=name, timeout=60.0)


@launch_testing.post_shutdown_test()
class TestExitCodes(unittest.TestCase):
    def test_it_was_not_started_again(self, proc_info):
        codes = [info.returncode for info in proc_info if info.process_name.startswith("vad_node")]
        assert codes == [2], codes
