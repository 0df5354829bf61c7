"""`ros2 launch avatar_ros kiosk.launch.py`: the graph of avatar_ros/bringup/graph.py, started by launch.

Arguments are those of `./avatar kiosk`; see them with `ros2 launch avatar_ros kiosk.launch.py --show-args`. Included in
a robot's own launch file it keeps to itself: no environment variable of it reaches other nodes, PushRosNamespace moves
it, and with required:=false its end is not the end of the robot's launch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from launch.actions import DeclareLaunchArgument, EmitEvent, LogInfo, OpaqueFunction, RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessExit
from launch.events import matches_action
from launch.events.process import ShutdownProcess
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from avatar_ros.bringup.graph import DISPLAYS, PACKAGE, PROFILES, KioskNode, KioskOptions, kiosk_graph
from avatar_ros.bringup.keys import node_environment
from avatar_ros.bringup.policy import RestartPolicy
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.exit_codes import EXIT_CONFIG, EXIT_DONE, EXIT_UNFINISHED
from avatar_ros.core.network import KNOWN, NETWORK, network
from avatar_ros.core.run import RUN_BEGAN, begin_now
from launch import LaunchContext, LaunchDescription

#: launch knows one delay only, and no back-off: long enough for a sound server to come back within a few attempts.
RESPAWN_DELAY_S = 0.5
#: Argument -> what `--show-args` says of it; defaults are those of KioskOptions.
ARGUMENTS = {
    "profile": f"of {', '.join(PROFILES)}, or parameter files; several joined by commas, the later ones count",
    "avatar": "LAM .zip, or splats as .ply, .spz or .splat; empty: the built-in one",
    "axes": "which way is up in a file of splats alone: y_up, y_down, z_up or z_down; empty: as the profile has it",
    "mic": "auto, none, a sound device's name or number, or FILE.wav[,FILE2.wav]",
    "display": f"where to show the face: {', '.join(DISPLAYS)}",
    "namespace": "of all topics and nodes; within a pushed namespace where it does not begin with /",
    "record": "FILE.mp4 for picture and sound; empty: no recording",
    "turns": "leave after so many answers; 0: never",
    "report": "FILE.json for words and delays of each turn; empty: none",
    "network": f"who may reach its nodes: {KNOWN}; empty: {NETWORK}, or local",
}


#: Besides those of KioskOptions: argument -> (default, choices or None, description).
OWN_ARGUMENTS: dict[str, tuple[str, list[str] | None, str]] = {
    "required": ("true", ["true", "false"], "the kiosk's end is the launch's end; false: only its own nodes stop"),
    "log_level": ("info", ["debug", "info", "warn", "error", "fatal"], "of all its nodes"),
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the nodes follow once their values are known."""
    defaults = KioskOptions()
    choices = {"display": list(DISPLAYS)}
    arguments = [
        DeclareLaunchArgument(
            name, default_value=str(getattr(defaults, name)), description=text, choices=choices.get(name)
        )
        for name, text in ARGUMENTS.items()
    ]
    arguments += [
        DeclareLaunchArgument(name, default_value=default, choices=allowed, description=text)
        for name, (default, allowed, text) in OWN_ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_start)])


def _environment(choice: str) -> dict[str, str]:
    """Nodes know when their run began, and decide by `choice` who may reach them (ros/start.py)."""
    return {RUN_BEGAN: begin_now(), **({NETWORK: choice} if choice else {})}


def _start(context: LaunchContext) -> list[Any]:
    given = context.launch_configurations
    values = {item.name: given[item.name] for item in fields(KioskOptions)}
    if not values["turns"].isdecimal():
        raise ConfigError("bad_option", f"turns is '{values['turns']}'; it must be a whole number, 0 or more")
    nodes = kiosk_graph(KioskOptions(**{**values, "turns": int(values["turns"])}))
    reach = network(choice=values["network"])
    reach.check()
    environment = _environment(values["network"])
    processes = [_process(node, _for_node(node, context, environment), given["log_level"]) for node in nodes]
    end = _End(processes, of_launch=given["required"] == "true")
    handlers = [_on_exit(node, process, end) for node, process in zip(nodes, processes, strict=True)]
    return [LogInfo(msg=reach.line), *handlers, *processes]


def _for_node(node: KioskNode, context: LaunchContext, own: Mapping[str, str]) -> dict[str, str]:
    """What the node needs of the launch's environment, by its name in a pushed namespace too."""
    pushed = context.launch_configurations.get("ros_namespace", "")
    namespace = node.namespace if node.namespace.startswith("/") else f"{pushed}/{node.namespace}"
    return node_environment(node, {**context.environment, **own}, namespace)


def _process(node: KioskNode, environment: Mapping[str, str], log_level: str) -> Node:
    return Node(
        package=PACKAGE,
        executable=node.executable,
        name=node.executable,
        namespace=node.namespace,
        parameters=[*map(str, node.params_files), *([_typed(node.parameters)] if node.parameters else [])],
        ros_arguments=["--log-level", log_level],
        env=dict(environment),
        output="screen",
        emulate_tty=False,
        respawn=True,
        respawn_delay=RESPAWN_DELAY_S,
    )


def _typed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Texts stay texts: launch would read a device called "3" as a number."""
    return {name: ParameterValue(v, value_type=str) if isinstance(v, str) else v for name, v in parameters.items()}


class _End:
    """The end of the kiosk: of the whole launch, or of its own processes, which launch then does not start again."""

    def __init__(self, processes: Sequence[Node], of_launch: bool) -> None:
        self._processes = processes
        self._of_launch = of_launch
        self.came = False

    def come(self, why: str) -> list[Any]:
        """What launch has to do; `why` is told."""
        self.came = True
        if self._of_launch:
            return [LogInfo(msg=why), Shutdown(reason=why)]
        stops = [EmitEvent(event=ShutdownProcess(process_matcher=matches_action(p))) for p in self._processes]
        return [LogInfo(msg=f"{why}; the kiosk ends, this launch goes on"), *stops]


def _on_exit(node: KioskNode, process: Node, end: _End) -> RegisterEventHandler:
    """End the run where the runner would; else launch starts the node again."""
    policy = RestartPolicy()

    def decide(event: Any, context: LaunchContext) -> list[Any]:
        if context.is_shutdown or end.came:
            return []
        if event.returncode == EXIT_CONFIG:
            return end.come(f"{node.executable} refused its configuration")
        if event.returncode == EXIT_DONE and node.ends_run:
            return end.come(f"{node.executable} is done")
        if event.returncode == EXIT_UNFINISHED and node.ends_run:
            # launch has one exit code for every shutdown that is asked for: 0
            return end.come(f"{node.executable} could not do what was asked: its last line says why")
        now_s = context.asyncio_loop.time()
        if policy.died(now_s, now_s) is None:
            return end.come(f"giving up: {node.executable} keeps dying")
        return [LogInfo(msg=f"{node.executable} died; starting it again")]

    return RegisterEventHandler(OnProcessExit(target_action=process, on_exit=decide))
