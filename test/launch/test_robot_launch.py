"""launch/robot.launch.py with the real launch: skipped where that is not installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from avatar_ros.bringup.graph import OFFBOARD, START_ORDER, runs_on

# Never "launch": this project's own launch/ folder imports under that name.
pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")

ROBOT = Path(__file__).resolve().parents[2] / "launch/robot.launch.py"
#: A busy machine may take long; this only catches a hang.
LONGEST_RUN_S = 120.0

pytestmark = pytest.mark.ros


def half(host: str, **arguments: str):
    """An include of robot.launch.py."""
    from launch.actions import GroupAction, IncludeLaunchDescription
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    given = {"host": host, "namespace": "robot", **arguments}
    # a group: what one include sets is not the other's
    include = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(ROBOT)), launch_arguments=given.items())
    return GroupAction([include], scoped=True, forwarding=False)


def run(*actions, on_output=lambda event: [], on_exit=lambda event, context: []) -> dict[str, list[int]]:
    """Until it ends by itself, or is told to; exit codes by node."""
    from launch.actions import RegisterEventHandler, Shutdown, TimerAction
    from launch.event_handlers import OnProcessExit, OnProcessIO

    from launch import LaunchDescription, LaunchService

    codes: dict[str, list[int]] = {}

    def note(event, context):
        codes.setdefault(event.process_name.rsplit("-", 1)[0], []).append(event.returncode)
        return on_exit(event, context)

    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=note)),
                RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
                TimerAction(period=LONGEST_RUN_S, actions=[Shutdown(reason="it did not end by itself")]),
                *actions,
            ]
        )
    )
    service.run()
    return codes


def test_two_halves_of_one_robot_hold_a_conversation(own_domain, tmp_path):
    """In one network; without a window, though none was forbidden."""
    from benchmarks.lib.question_files import speak, write_wav

    question = write_wav(tmp_path / "question.wav", speak(["what time is it"])[0], after_s=3.0)
    report, said = tmp_path / "turns.json", []
    robot = half("robot", mic=str(question), turns="1", report=str(report), required="true")
    codes = run(half("offboard", profile="embedded"), robot, on_output=lambda event: said.append(event.text.decode()))
    (turn,) = json.loads(report.read_text())["turns"]
    assert turn["transcript"] == "what time is it" and turn["spoken"]
    assert set(codes) == set(START_ORDER), "each node ran, in one of the halves"
    twice = {name: [0, 0] if name in OFFBOARD else [0] for name in codes}  # the robot's own stand by
    assert codes == twice
    assert not any("no screen" in text for text in said)


def test_a_half_runs_its_own_nodes_and_waits_for_a_manager(own_domain):
    """autostart:=false: nothing is configured until a lifecycle manager does it."""
    import rclpy
    from launch.actions import OpaqueFunction, Shutdown, TimerAction
    from rclpy.context import Context

    seen: dict[str, set[str]] = {}
    wanted = {name for name in START_ORDER if runs_on(name, "offboard")}
    rcl = Context()
    rclpy.init(args=[], context=rcl)
    node = rclpy.create_node("manager", context=rcl)

    def look(context):
        names = {name for name, space in node.get_node_names_and_namespaces() if space == "/robot"}
        topics = {topic for topic, _ in node.get_topic_names_and_types() if topic.startswith("/robot/speech")}
        if names >= wanted:
            seen.update(nodes=names, topics=topics)
            return [Shutdown(reason="all are there")]
        return [TimerAction(period=0.5, actions=[OpaqueFunction(function=look)])]

    try:
        watch = TimerAction(period=1.0, actions=[OpaqueFunction(function=look)])
        codes = run(half("offboard", autostart="false"), watch)
    finally:
        node.destroy_node()
        rcl.try_shutdown()
    assert seen["nodes"] == wanted and not seen["topics"], seen
    assert set(codes) == wanted
