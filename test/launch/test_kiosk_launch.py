"""launch/kiosk.launch.py with the real launch: skipped where that is not installed.

launch_testing is used as a library, not as a pytest plugin: the plugin of Jazzy does not load under pytest 9, and it
imports every test file a second time under another import mode (pyproject.toml switches it off).
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from avatar_ros.bringup.graph import START_ORDER

# Never "launch": this project's own launch/ folder imports under that name.
pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")

KIOSK = Path(__file__).resolve().parents[2] / "launch/kiosk.launch.py"
#: A busy machine may take long; this only catches a hang.
LONGEST_RUN_S = 90.0

pytestmark = pytest.mark.ros


def load(name: str):
    """A scenario beside this file, as a module."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_node_comes_up_and_leaves(own_domain):
    from launch_testing.loader import LoadTestsFromPythonModule
    from launch_testing.test_runner import LaunchTestRunner

    runner = LaunchTestRunner(LoadTestsFromPythonModule(load("scenario_up")))
    runner.validate()
    results = runner.run()
    assert results
    for result in results.values():
        problems = [text for _, text in (*result.errors, *result.failures)]
        assert result.wasSuccessful(), "\n".join(problems)
        assert result.testsRun > 0


def test_node_that_refuses_its_configuration_ends_the_launch(own_domain, tmp_path):
    """Not with launch_testing, to which a launch that ends by itself is a failure."""
    from launch.actions import IncludeLaunchDescription, RegisterEventHandler, Shutdown, TimerAction
    from launch.event_handlers import OnProcessExit
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    from launch import LaunchDescription, LaunchService

    profile = tmp_path / "profile.yaml"
    profile.write_text("/**/vad_node:\n  ros__parameters:\n    backend: nonsense\n")
    arguments = {"mic": "none", "display": "off", "namespace": "launched", "profile": str(profile)}
    codes: dict[str, list[int]] = {}
    too_late: list[Shutdown] = [Shutdown(reason="the launch did not end by itself")]
    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=lambda event, _: note(codes, event))),
                TimerAction(period=LONGEST_RUN_S, actions=too_late),
                IncludeLaunchDescription(PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items()),
            ]
        )
    )
    service.run()
    assert codes["vad_node"] == [2]  # once: it was not started again


def test_within_a_robots_launch_it_keeps_to_itself(own_domain, tmp_path, monkeypatch):
    """A namespace is pushed on it, its environment stays its own, and its end is not the robot's."""
    from launch.actions import (
        ExecuteProcess,
        GroupAction,
        IncludeLaunchDescription,
        RegisterEventHandler,
        Shutdown,
        TimerAction,
    )
    from launch.event_handlers import OnProcessExit
    from launch.launch_description_sources import PythonLaunchDescriptionSource
    from launch_ros.actions import PushRosNamespace

    from launch import LaunchDescription, LaunchService

    for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTRTPS_DEFAULT_PROFILES_FILE", "AVATAR_ROS_NETWORK_SET"):
        monkeypatch.delenv(name, raising=False)
    profile, seen = tmp_path / "profile.yaml", tmp_path / "seen.txt"
    profile.write_text("/**/vad_node:\n  ros__parameters:\n    backend: nonsense\n")
    arguments = {"mic": "none", "display": "off", "namespace": "face", "profile": str(profile), "required": "false"}
    include = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items())
    program = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(repr(os.environ)); time.sleep(600)"
    robot = ExecuteProcess(cmd=[sys.executable, "-c", program, str(seen)], name="robot")
    codes: dict[str, list[int]] = {}
    commands: list[list[str]] = []

    def on_exit(event, _):
        note(codes, event)
        commands.append(event.cmd)
        return [Shutdown(reason="all of the kiosk has ended")] if set(START_ORDER) <= set(codes) else []

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=on_exit)),
                TimerAction(period=LONGEST_RUN_S, actions=[Shutdown(reason="the kiosk did not end by itself")]),
                GroupAction([PushRosNamespace("robot"), include]),
                robot,
            ]
        )
    )
    service.run()
    robots = codes.pop("robot")
    assert set(codes) == set(START_ORDER) and len(robots) == 1, "the robot's process ended last, with the launch"
    assert all(len(ends) == 1 for ends in codes.values()), "no node was started again"
    assert codes["vad_node"] == [2]
    kiosk = [command for command in commands if any("__node:=" in word for word in command)]
    assert len(kiosk) == len(START_ORDER) and all("__ns:=/robot/face" in command for command in kiosk)
    ours = ("AVATAR_ROS_RUN", "AVATAR_ROS_NETWORK", "ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTRTPS_DEFAULT_PROFILES_FILE")
    for name in ours:
        assert name not in seen.read_text()


def test_a_regular_end_is_no_error_and_a_killed_node_is_started_again(own_domain, tmp_path):
    """Launch calls each exit code but 0 an error."""
    from launch.actions import IncludeLaunchDescription, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction
    from launch.event_handlers import OnProcessExit, OnProcessStart
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    from benchmarks.lib.question_files import speak, write_wav
    from launch import LaunchDescription, LaunchService

    question = write_wav(tmp_path / "question.wav", speak(["what time is it"])[0], after_s=3.0)
    report = tmp_path / "turns.json"
    arguments = {"mic": str(question), "display": "off", "namespace": "ends", "turns": "1", "report": str(report)}
    codes: dict[str, list[int]] = {}
    starts: list[int] = []

    def on_start(event, _):
        if "llm_node" not in event.process_name:
            return []
        starts.append(event.pid)
        kill = OpaqueFunction(function=lambda _: os.kill(event.pid, signal.SIGKILL))
        return [TimerAction(period=0.5, actions=[kill])] if len(starts) == 1 else []

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessStart(on_start=on_start)),
                RegisterEventHandler(OnProcessExit(on_exit=lambda event, _: note(codes, event))),
                TimerAction(period=LONGEST_RUN_S, actions=[Shutdown(reason="the kiosk did not end by itself")]),
                IncludeLaunchDescription(PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items()),
            ]
        )
    )
    service.run()
    assert len(json.loads(report.read_text())["turns"]) == 1
    assert len(starts) == 2 and codes.pop("llm_node") == [-signal.SIGKILL, 0]
    assert codes == {name: [0] for name in START_ORDER if name != "llm_node"}


def note(codes: dict[str, list[int]], event) -> None:
    """Remember how a process ended; launch numbers them: "vad_node-2"."""
    codes.setdefault(event.process_name.rpartition("-")[0], []).append(event.returncode)
