"""A kiosk as a user runs it, for tests: a process of its own, its output kept, its nodes findable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .logged_process import LoggedProcess


class KioskProcess(LoggedProcess):
    """`./avatar kiosk …` with these arguments.

    env: laid over the environment of this process; prefix: a command that becomes it; cwd: where it runs, here if None;
    verb: "web" for `./avatar web`, whose arguments are others.
    """

    def __init__(
        self,
        *arguments: object,
        namespace: str = "avatar",
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        cwd: Path | None = None,
        verb: str = "kiosk",
    ) -> None:
        self.namespace = namespace
        command = [*prefix, sys.executable, "-m", "avatar_ros", verb, "--namespace", namespace, *map(str, arguments)]
        super().__init__(command, {**os.environ, **(env or {})}, cwd)

    def node_pid(self, name: str) -> int | None:
        """Process number of one of its nodes, or None."""
        found = subprocess.run(
            ["pgrep", "-f", f"avatar_ros.nodes.{name} .*__ns:=/{self.namespace} "],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        return int(found[0]) if found else None

    def kill_node(self, name: str) -> int:
        """Kill -9 one of its nodes; its former process number."""
        pid = self.node_pid(name)
        assert pid is not None, f"{name} does not run:\n{self.log}"
        os.kill(pid, signal.SIGKILL)
        return pid
