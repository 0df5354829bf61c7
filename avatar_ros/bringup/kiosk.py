"""`./avatar kiosk`: the graph of the options, run by the runner. No ROS is imported here: the nodes do that."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping

from ..core.lock import hold_name
from ..core.run import RUN_BEGAN
from .child import ChildSpec
from .graph import KioskNode, KioskOptions, Value, kiosk_graph
from .log import RunLog, log_folder
from .runner import Runner


def run_kiosk(options: KioskOptions) -> int:
    """Run a kiosk until it has done what it was asked to do, or is told to stop; the process's exit code.

    Raises ConfigError for options that cannot be, and where this namespace has a kiosk already.
    """
    nodes = kiosk_graph(options)
    lock = hold_name(
        nodes[0].namespace, remedy="stop it (Ctrl-C there), or give this one another name: --namespace avatar2"
    )
    log = RunLog(sys.stdout, log_folder())
    if log.path is not None:
        log.write("kiosk", f"log file: {log.path}")
    try:
        return Runner([child_spec(node) for node in nodes], log, kiosk_environment()).run()
    finally:
        log.close()
        lock.release()


def child_spec(node: KioskNode) -> ChildSpec:
    """The command that starts a node with its name, namespace and parameters."""
    ros_args = ["-r", f"__ns:={node.namespace}", "-r", f"__node:={node.executable}"]
    ros_args += ["--params-file", str(node.params_file)]
    for name, value in node.parameters.items():
        ros_args += ["-p", f"{name}:={parameter_text(value)}"]
    # The runner writes one log of all nodes; a file of each node besides would only wear out the disk.
    ros_args.append("--disable-external-lib-logs")
    command = (sys.executable, "-m", node.module, "--ros-args", *ros_args)
    return ChildSpec(node.executable, command, node.ends_run)


def parameter_text(value: Value) -> str:
    """A value as the YAML that `-p name:=` takes; quoted, so that a device called "3" stays a string."""
    return json.dumps(value, ensure_ascii=False)


def kiosk_environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The nodes' environment: what the user has set counts, else a kiosk talks to itself only."""
    defaults = {
        # Nobody on the visitors' network can put words into the kiosk's mouth.
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "RCUTILS_CONSOLE_OUTPUT_FORMAT": "[{severity}] {message}",
        "RCUTILS_LOGGING_BUFFERED_STREAM": "0",
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | dict(env) | {RUN_BEGAN: str(time.time_ns())}
