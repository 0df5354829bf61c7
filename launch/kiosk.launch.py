"""`ros2 launch avatar_ros kiosk.launch.py`: the graph of avatar_ros/bringup/graph.py, started by launch.

Arguments are those of `./avatar kiosk`; see them with `ros2 launch avatar_ros kiosk.launch.py --show-args`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from avatar_ros.bringup.graph import DISPLAYS, PACKAGE, PROFILES, KioskNode, KioskOptions, kiosk_graph
from avatar_ros.bringup.policy import FIRST_DELAY_S, RestartPolicy
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_DONE
from avatar_ros.core.run import RUN_BEGAN
from launch import LaunchContext, LaunchDescription

#: Argument -> what `--show-args` says of it; defaults are those of KioskOptions.
ARGUMENTS = {
    "profile": f"kind of computer: {', '.join(PROFILES)}, or a parameter file",
    "avatar": "LAM .zip or .ply; empty: the built-in one",
    "mic": "auto, none, a sound device's name or number, or FILE.wav[,FILE2.wav]",
    "display": f"where to show the face: {', '.join(DISPLAYS)}",
    "namespace": "of all topics and nodes",
    "record": "FILE.mp4 for picture and sound; empty: no recording",
    "turns": "leave after so many answers; 0: never",
    "report": "FILE.json for words and delays of each turn; empty: none",
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the nodes follow once their values are known."""
    defaults = KioskOptions()
    arguments = [
        DeclareLaunchArgument(name, default_value=str(getattr(defaults, name)), description=text)
        for name, text in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, *_environment(), OpaqueFunction(function=_start)])


def _environment() -> list[SetEnvironmentVariable]:
    """A kiosk talks to itself only, unless it is told otherwise; nodes know when their run began."""
    name = "ROS_AUTOMATIC_DISCOVERY_RANGE"
    began = SetEnvironmentVariable(RUN_BEGAN, str(time.time_ns()))
    return [began] if name in os.environ else [began, SetEnvironmentVariable(name, "LOCALHOST")]


def _start(context: LaunchContext) -> list[Any]:
    values = {item.name: context.launch_configurations[item.name] for item in fields(KioskOptions)}
    if not values["turns"].isdecimal():
        raise ConfigError("bad_option", f"turns is '{values['turns']}'; it must be a whole number, 0 or more")
    nodes = kiosk_graph(KioskOptions(**{**values, "turns": int(values["turns"])}))
    return [action for node in nodes for action in _actions(node)]


def _actions(node: KioskNode) -> list[Any]:
    process = Node(
        package=PACKAGE,
        executable=node.executable,
        name=node.executable,
        namespace=node.namespace,
        parameters=[str(node.params_file), *([_typed(node.parameters)] if node.parameters else [])],
        output="screen",
        emulate_tty=False,
        respawn=True,
        # launch knows one delay only; the back-off of the runner begins with it.
        respawn_delay=FIRST_DELAY_S,
    )
    on_exit = OnProcessExit(target_action=process, on_exit=partial(_on_exit, node, RestartPolicy()))
    return [RegisterEventHandler(on_exit), process]


def _typed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Texts stay texts: launch would read a device called "3" as a number."""
    return {name: ParameterValue(v, value_type=str) if isinstance(v, str) else v for name, v in parameters.items()}


def _on_exit(node: KioskNode, policy: RestartPolicy, event: Any, context: LaunchContext) -> list[Any]:
    """End the run where the runner would; else launch starts the node again."""
    if context.is_shutdown:
        return []
    if event.returncode == EXIT_CONFIG:
        return _end(f"{node.executable} refused its configuration")
    if event.returncode == EXIT_DONE and node.ends_run:
        return _end(f"{node.executable} is done")
    now_s = context.asyncio_loop.time()
    if policy.died(now_s, now_s) is None:
        return _end(f"giving up: {node.executable} keeps dying")
    return [LogInfo(msg=f"{node.executable} died; starting it again")]


def _end(why: str) -> list[Any]:
    return [LogInfo(msg=why), Shutdown(reason=why)]
