"""A whole kiosk as a child process, for measurements: parameters of its own, its log kept, its processes listed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avatar_ros.bringup.graph import profile_files
from avatar_ros.core.errors import StageError
from avatar_ros.testing.logged_process import STOP_S, LoggedProcess

#: Node -> parameters that differ from the profile's.
Parameters = Mapping[str, Mapping[str, Any]]
#: The first question waits until all nodes work, on a busy machine too.
PATIENT_MIC = {"ready_wait_s": 120.0, "file.start_delay_s": 3.0}
#: A window that nobody sees: everything is drawn, on a machine without a screen too.
UNSEEN_WINDOW = {"SDL_VIDEODRIVER": "dummy", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


def write_profile(path: Path, base: str, parameters: Parameters) -> Path:
    """A ROS parameter file: the profile `base` (names or files) with `parameters` laid over it."""
    import yaml

    tree: dict[str, Any] = {}
    for file in profile_files(base):
        for node, entry in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            _lay_over(tree, node, entry["ros__parameters"])
    for node, values in parameters.items():
        _lay_over(tree, f"/**/{node}", values)
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def _lay_over(tree: dict[str, Any], node: str, values: Mapping[str, Any]) -> None:
    tree.setdefault(node, {}).setdefault("ros__parameters", {}).update(values)


class KioskRun(LoggedProcess):
    """`python -m avatar_ros kiosk …` until `stop`, or until it leaves.

    prefix: a command that becomes it; program: a module that takes the arguments of `kiosk`, and what comes before.
    """

    def __init__(
        self,
        namespace: str,
        profile: Path | str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] = {},
        prefix: Sequence[str] = (),
        program: Sequence[str] = ("avatar_ros", "kiosk"),
    ) -> None:
        command = [*prefix, sys.executable, "-m", *program, "--namespace", namespace, "--profile", str(profile)]
        super().__init__([*command, *arguments], {**os.environ, **environment})

    def restarts(self) -> list[str]:
        """Lines of the log that tell of a node that died."""
        return [line for line in self.lines if " died (" in line]

    def check(self) -> None:
        """Raises StageError with the last lines of the log where the kiosk has left."""
        if not self.alive:
            tail = "\n".join(self.lines[-8:])
            raise StageError("bench_kiosk", f"the kiosk left with exit code {self._process.returncode}:\n{tail}")

    def wait(self, timeout_s: float = STOP_S) -> int:
        """Its exit code once it leaves by itself. Raises StageError where it does not in time."""
        try:
            return super().wait(timeout_s)
        except AssertionError as error:
            raise StageError("bench_timeout", f"the kiosk did not leave within {timeout_s:.0f} s") from error

    def stop(self) -> None:
        """Ctrl-C, and what follows where that does not help."""
        try:
            self.close()
        except StageError:
            self.kill()

    def __exit__(self, *_: object) -> None:
        self.stop()
