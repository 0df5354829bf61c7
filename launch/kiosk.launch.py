"""`ros2 launch avatar_ros kiosk.launch.py`: the graph of avatar_ros/bringup/graph.py, started by launch.

Arguments are those of `./avatar kiosk`; see them with `ros2 launch avatar_ros kiosk.launch.py --show-args`. Included in
a robot's own launch file it keeps to itself: no environment variable of it reaches other nodes, PushRosNamespace moves
it, and with required:=false its end is not the end of the robot's launch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart
from launch.events import matches_action
from launch.events.process import ShutdownProcess
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from avatar_ros.bringup.child import TAIL_LINES, ChildSpec
from avatar_ros.bringup.graph import DISPLAYS, HOSTS, PACKAGE, PROFILES, KioskNode, KioskOptions, kiosk_graph, strangers
from avatar_ros.bringup.keys import node_environment
from avatar_ros.bringup.restart_policy import Blame, RestartPolicy, describe_exit
from avatar_ros.bringup.web import plan_web, with_relay
from avatar_ros.bringup.web_launch import WEB_ARGUMENTS, launched
from avatar_ros.core.errors import ConfigError
from avatar_ros.core.exit_codes import DONE_IS_OK, DONE_LINE, EXIT_CONFIG, EXIT_UNFINISHED
from avatar_ros.core.ros_network import KNOWN, NETWORK, network
from avatar_ros.core.run import RUN_BEGAN, begin_now
from launch import LaunchContext, LaunchDescription

_BLAME = Blame()

#: Argument -> what `--show-args` says of it; defaults are those of KioskOptions.
ARGUMENTS = {
    "profile": f"of {', '.join(PROFILES)}, or parameter files; several joined by commas, the later ones count",
    "locale": "the kiosk's language: de, fr-CA, zh-CN, …; empty: as the profile has it, or English",
    "avatar": "LAM .zip, or splats as .ply, .spz or .splat; empty: the built-in one",
    "axes": "which way is up in a file of splats alone: y_up, y_down, z_up or z_down; empty: as the profile has it",
    "mic": "auto, none, a sound device's name or number, or FILE.wav[,FILE2.wav]",
    "people": "what shows who stands there: auto, /dev/videoN or an image topic; empty: nobody is seen",
    "display": f"where to show the face: {', '.join(DISPLAYS)}",
    "namespace": "of all topics and nodes; within a pushed namespace where it does not begin with /",
    "record": "FILE.mp4 for picture and sound; empty: no recording",
    "turns": "leave after so many answers; 0: never",
    "report": "FILE.json for words and delays of each turn; empty: none",
    "host": f"which half of the nodes: {', '.join(HOSTS)}",
    "standby": "host robot: profile of its own nodes that stand by for the offboard half, or none",
    "autostart": "true: the nodes bring themselves up; false: a lifecycle manager does",
    "network": f"who may reach its nodes: {KNOWN}; empty: {NETWORK}, or local",
}


#: Besides those of KioskOptions: argument -> (default, choices or None, description).
OWN_ARGUMENTS: dict[str, tuple[str, list[str] | None, str]] = {
    "required": ("true", ["true", "false"], "the kiosk's end is the launch's end; false: only its own nodes stop"),
    "log_level": ("info", ["debug", "info", "warn", "error", "fatal"], "of all its nodes"),
    **WEB_ARGUMENTS,
}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; the nodes follow once their values are known."""
    defaults = KioskOptions()
    choices = {"display": list(DISPLAYS), "host": list(HOSTS), "autostart": ["true", "false"]}
    arguments = [
        DeclareLaunchArgument(
            name, default_value=_text(getattr(defaults, name)), description=text, choices=choices.get(name)
        )
        for name, text in ARGUMENTS.items()
    ]
    arguments += [
        DeclareLaunchArgument(name, default_value=default, choices=allowed, description=text)
        for name, (default, allowed, text) in OWN_ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_start)])


def _text(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _environment(choice: str) -> dict[str, str]:
    """Nodes know when their run began, and decide by `choice` who may reach them (ros/start.py)."""
    return {RUN_BEGAN: begin_now(), DONE_IS_OK: "1", **({NETWORK: choice} if choice else {})}


def _start(context: LaunchContext) -> list[Any]:
    given = context.launch_configurations
    values = {item.name: given[item.name] for item in fields(KioskOptions)}
    if not values["turns"].isdecimal():
        raise ConfigError("bad_option", f"turns is '{values['turns']}'; it must be a whole number, 0 or more")
    options = {**values, "turns": int(values["turns"]), "autostart": values["autostart"] == "true"}
    kiosk = KioskOptions(**options)
    nodes, relay, lines = (kiosk_graph(kiosk), None, []) if given["web"] == "false" else _for_browsers(kiosk, given)
    reach = network(choice=values["network"])
    reach.check()
    late = [line] if (line := reach.wait()) else []
    environment = _environment(values["network"])
    end = _End(of_launch=given["required"] == "true")
    told: list[Any] = [LogInfo(msg=line) for line in (reach.line, *late, *strangers(values["profile"]), *lines)]
    actions: list[Any] = []
    for node in nodes:
        make = partial(_process, node, _for_node(node, context, environment), given["log_level"])
        actions += _kept_alive(node, make, end, RestartPolicy())
    if relay is not None:
        make_relay = partial(ExecuteProcess, cmd=list(relay.command), name=relay.name, output="screen")
        actions += _kept_alive(KioskNode(relay.name, "", ()), make_relay, end, RestartPolicy())
    return told + actions


def _for_browsers(
    kiosk: KioskOptions, given: Mapping[str, str]
) -> tuple[tuple[KioskNode, ...], ChildSpec | None, list[str]]:
    """Nodes, a relay where one is wanted here, and what is said at the beginning."""
    options, relay, said = with_relay(launched(kiosk, given))
    nodes, lines = plan_web(options)
    return nodes, relay, [*lines, *said]


def _for_node(node: KioskNode, context: LaunchContext, own: Mapping[str, str]) -> dict[str, str]:
    """What the node needs of the launch's environment, by its name in a pushed namespace too."""
    pushed = context.launch_configurations.get("ros_namespace", "")
    namespace = node.namespace if node.namespace.startswith("/") else f"{pushed}/{node.namespace}"
    return node_environment(node, {**context.environment, **own}, namespace)


def _process(node: KioskNode, environment: Mapping[str, str], log_level: str) -> Node:
    return Node(
        package=PACKAGE,
        executable=node.executable,
        name=node.node_name,
        namespace=node.namespace,
        parameters=[*map(str, node.params_files), *([_typed(node.parameters)] if node.parameters else [])],
        ros_arguments=["--log-level", log_level],
        env=dict(environment),
        output="screen",
        emulate_tty=False,
        # A recording on a busy machine takes longer to close than launch's 5 s.
        sigterm_timeout="10" if "record.path" in node.parameters else LaunchConfiguration("sigterm_timeout", default=5),
    )


def _typed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Texts stay texts: launch would read a device called "3" as a number."""
    return {name: ParameterValue(v, value_type=str) if isinstance(v, str) else v for name, v in parameters.items()}


class _End:
    """The end of the kiosk: of the whole launch, or of its own processes, which are not started again."""

    def __init__(self, of_launch: bool) -> None:
        self.running: dict[str, ExecuteProcess] = {}
        self._of_launch = of_launch
        self.came = False

    def come(self, why: str) -> list[Any]:
        """What launch has to do; `why` is told."""
        self.came = True
        if self._of_launch:
            return [LogInfo(msg=why), Shutdown(reason=why)]
        stops = [EmitEvent(event=ShutdownProcess(process_matcher=matches_action(p))) for p in self.running.values()]
        return [LogInfo(msg=f"{why}; the kiosk ends, this launch goes on"), *stops]


def _kept_alive(node: KioskNode, make: Callable[[], ExecuteProcess], end: _End, policy: RestartPolicy) -> list[Any]:
    """A process of the node and what follows its end: the run's end where the runner would end it, else another.

    Not launch's own respawn, which knows one delay and no back-off.
    """
    process = make()
    end.running[node.node_name] = process
    started: list[float] = []
    tail: deque[str] = deque(maxlen=TAIL_LINES)

    def decide(event: Any, context: LaunchContext) -> list[Any]:
        end.running.pop(node.node_name, None)
        if context.is_shutdown or end.came:
            return []
        code, now_s = _BLAME.judge(event.returncode, tail), context.asyncio_loop.time()
        if code == EXIT_CONFIG:
            return end.come(f"{node.node_name} refused its configuration")
        if node.ends_run and (code == EXIT_UNFINISHED or any(DONE_LINE in text for text in tail)):
            return end.come(f"{node.node_name} is done")
        delay_s = policy.ended(started[0], now_s, code)
        if delay_s is None:
            return end.come(f"giving up: {node.node_name} keeps dying")
        again = OpaqueFunction(function=lambda _: [] if end.came else _kept_alive(node, make, end, policy))
        why = f"{node.node_name} died ({describe_exit(code)}); starting it again in {delay_s:g} s"
        return [LogInfo(msg=why), TimerAction(period=delay_s, actions=[again])]

    def began(event: Any, context: LaunchContext) -> None:
        started.append(context.asyncio_loop.time())

    def said(event: Any) -> None:
        tail.extend(event.text.decode("utf-8", "replace").splitlines())

    return [
        RegisterEventHandler(OnProcessStart(target_action=process, on_start=began)),
        RegisterEventHandler(OnProcessIO(target_action=process, on_stderr=said)),
        RegisterEventHandler(OnProcessExit(target_action=process, on_exit=decide)),
        process,
    ]
