"""From a fresh clone to a checkout that runs: each step only where it is needed, in any order of interruption."""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import apt
from .build import Build
from .console import EXIT_BAD_MACHINE, SetupError, ask, say
from .host import Host, check_folder, find_host, sourced_ros
from .venv import BUILD_GROUPS, ROS_GROUP, RUN_GROUPS, TEST_GROUP, Venv


class Checkout:
    """A checkout, what is set up in it, and what is not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = Venv(root)
        self.build = Build(root, self.venv)
        self.has_ros = bool(sourced_ros())

    def groups(self, *, tests: bool, extras: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Requirement files that a verb needs."""
        ros = () if self.has_ros else (ROS_GROUP,)
        bare = tuple(name for name in map("no_deps_{}".format, extras) if self.venv.knows(name))
        return (*ros, *RUN_GROUPS, *extras, *bare, *((TEST_GROUP,) if tests else ()))

    def is_ready(self, groups: tuple[str, ...], *, copies: bool = False) -> bool:
        """Whether nothing is missing; starts nothing. copies: what `ros2 launch` runs must be present-day too."""
        if not self.venv.is_for(self.has_ros) or not all(self.venv.has(group) for group in groups):
            return False
        return self.build.is_current(copies=copies)

    def prepare(self, groups: tuple[str, ...], *, yes: bool, copies: bool = False) -> None:
        """Set up what is missing. Raises SetupError where that fails; called again it goes on where it stopped."""
        check_folder(self.root, self.has_ros)
        log = self.root / "log" / "setup.log"
        with self._alone():
            if self.is_ready(groups, copies=copies):
                return  # another process set it up meanwhile
            host = find_host()
            self._check_kind(yes)
            apt.install_missing(apt.required_packages(host.python), log, yes=yes)
            if not self.venv.is_for(self.has_ros):
                self.venv.create(find_host(), log)
            self._install_and_build(groups, host, log, copies=copies)
            self.venv.compile(self.root / "avatar_ros")

    def _install_and_build(self, groups: tuple[str, ...], host: Host, log: Path, *, copies: bool) -> None:
        """Install what building needs; then build, which is the processors' work, while the rest is fetched."""
        self.venv.install([group for group in groups if group in BUILD_GROUPS], log)
        with ThreadPoolExecutor(1) as beside:
            stale = not self.build.is_current(copies=copies)
            building = beside.submit(self.build.run, host, log.with_name("build.log")) if stale else None
            self.venv.install(groups, log)
            if building is not None:
                building.result()

    def _check_kind(self, yes: bool) -> None:
        """Raise SetupError rather than throw an environment of hundreds of megabytes away unasked."""
        if yes or not self.venv.is_whole() or self.venv.sees_system() == self.has_ros:
            return
        had, remedy = (
            ("without ROS 2, and here ROS 2 Jazzy is sourced", "use a shell that has not sourced it")
            if self.has_ros
            else ("with ROS 2 Jazzy sourced, and here it is not", "source /opt/ros/jazzy/setup.bash")
        )
        if sys.stdin.isatty() and ask(f"this checkout was set up {had}; make .venv anew (hundreds of MB)?"):
            return
        raise SetupError(
            f"this checkout was set up {had}: {remedy}, or make .venv anew: ./avatar setup --yes", EXIT_BAD_MACHINE
        )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two set-ups of one checkout at a time would tread on each other."""
        folder = self.root / "log"
        folder.mkdir(exist_ok=True)
        (folder / "COLCON_IGNORE").touch()
        with (folder / ".setup.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another ./avatar is setting this checkout up; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
