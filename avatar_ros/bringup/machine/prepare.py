"""From a fresh clone to a checkout that runs: each step only where it is needed, in any order of interruption."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from . import apt
from .build import Build
from .console import say
from .host import find_host, sourced_ros
from .venv import ROS_GROUP, RUN_GROUPS, TEST_GROUP, Venv


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

    def is_ready(self, groups: tuple[str, ...]) -> bool:
        """Whether nothing is missing; reads a few small files and starts nothing."""
        return (
            self.venv.is_for(self.has_ros) and all(self.venv.has(group) for group in groups) and self.build.is_current()
        )

    def prepare(self, groups: tuple[str, ...], *, yes: bool) -> None:
        """Set up what is missing. Raises SetupError where that fails; called again it goes on where it stopped."""
        log = self.root / "log" / "setup.log"
        with self._alone():
            if self.is_ready(groups):
                return  # somebody else set it up meanwhile
            host = find_host()
            apt.install_missing(apt.needed(host.python), log, yes=yes)
            if not self.venv.is_for(self.has_ros):
                self.venv.create(find_host(), log)
            self.venv.install(groups, log)
            if not self.build.is_current():
                self.build.run(host, log)
            self.venv.compile(self.root / "avatar_ros")

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
