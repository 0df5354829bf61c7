"""`./avatar kiosk`: the graph of the options, run by the runner."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..core.host_lock import hold_name
from ..core.ros_network import network
from ..core.run import RUN_BEGAN, begin_now
from .child import ChildSpec
from .forked import preload
from .graph import KioskNode, KioskOptions, Value, kiosk_graph, strangers
from .keys import node_environment
from .log import RunLog, log_folder
from .runner import Runner

_INTERFACES = ("builtin", "rcl", "type_description")
_MSGS = ("action", "diagnostic", "geometry", "lifecycle", "rosgraph", "sensor", "service", "std", "unique_identifier")
#: What every node imports besides rclpy itself, whose tracing starts threads as soon as it is loaded: those could not
#: be forked. avatar_ros.nodes comes first: it tells numpy's BLAS to be content with one thread.
PRELOADED = (
    *("avatar_ros.nodes", "numpy", "yaml", "avatar_ros.core.stage", "avatar_ros.core.settings"),
    *("asyncio", "concurrent.futures", "importlib.metadata", "rosidl_parser.definition", "avatar_ros.msg"),
    *(f"{name}_interfaces.{kind}" for name in _INTERFACES for kind in ("msg", "srv")),
    *(f"{name}_msgs.{kind}" for name in _MSGS for kind in ("msg", "srv")),
)


def run_kiosk(options: KioskOptions) -> int:
    """Run a kiosk until it has done what it was asked to do, or is told to stop; the process's exit code.

    Raises ConfigError for options that cannot be, and where this namespace has a kiosk already.
    """
    return run_nodes(kiosk_graph(options), options)


def run_nodes(
    nodes: Sequence[KioskNode], options: KioskOptions, announce: Sequence[str] = (), beside: Sequence[ChildSpec] = ()
) -> int:
    """The same for these nodes, of one namespace. announce: lines said at the beginning; beside: other processes."""
    reach = network(choice=options.network)
    reach.check()
    late = [line] if (line := reach.wait()) else []
    remedy = "stop it (Ctrl-C there), or give this one another name: --namespace avatar2"
    half = "" if options.host == "all" else f" {options.host}"  # both may run on one computer
    lock = hold_name(_absolute(nodes[0].namespace) + half, remedy=remedy)
    log = RunLog(sys.stdout, log_folder())
    if log.path is not None:
        log.write("kiosk", f"log file: {log.path}")
    for line in (reach.line, *late, *strangers(options.profile), *announce):
        log.write("kiosk", line)
    preload(PRELOADED)
    try:
        env = kiosk_environment(reach.environment)
        specs = [replace(child_spec(node), env=node_environment(node, env)) for node in nodes]
        return Runner([*beside, *specs], log, env).run()
    finally:
        log.close()
        lock.release()


def child_spec(node: KioskNode) -> ChildSpec:
    """How to start a node with its name, namespace and parameters."""
    ros_args = ["-r", f"__ns:={_absolute(node.namespace)}", "-r", f"__node:={node.node_name}"]
    for path in node.params_files:
        ros_args += ["--params-file", str(path)]
    for name, value in node.parameters.items():
        ros_args += ["-p", f"{name}:={parameter_text(value)}"]
    # The runner writes one log of all nodes; a file of each node besides would only wear out the disk.
    ros_args.append("--disable-external-lib-logs")
    args = (*node.arguments, "--ros-args", *ros_args)
    command = (sys.executable, "-m", node.module, *args)
    return ChildSpec(
        node.node_name, command, node.ends_run, node.module, args, finishes="record.path" in node.parameters
    )


def _absolute(namespace: str) -> str:
    return "/" + namespace.strip("/")


def parameter_text(value: Value) -> str:
    """A value as the YAML that `-p name:=` takes; quoted, so that a device called "3" stays a string."""
    return json.dumps(value, ensure_ascii=False)


def kiosk_environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The nodes' environment; what the user has set counts."""
    defaults = {
        "RCUTILS_CONSOLE_OUTPUT_FORMAT": "[{severity}] {message}",
        "RCUTILS_LOGGING_BUFFERED_STREAM": "0",
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | dict(env) | {RUN_BEGAN: begin_now()}
