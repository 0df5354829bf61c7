"""The environment in which everything of a set-up checkout runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...core.ros_network import network
from .build import Build
from .venv import Venv

#: Variables that a ROS 2 other than the chosen one would lead astray.
_OF_OTHER_ROS = ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "COLCON_PREFIX_PATH", "PYTHONPATH", "ROS_DISTRO")


def run_environment(root: Path, venv: Venv, build: Build, has_ros: bool, env: Mapping[str, str]) -> dict[str, str]:
    """`env` with the checkout's sources first, then what was built, then ROS 2, which talks to this computer alone.

    Raises ConfigError for an unknown AVATAR_ROS_NETWORK.
    """
    result = dict(env)
    if not has_ros and env.get("ROS_DISTRO"):
        for name in _OF_OTHER_ROS:
            result.pop(name, None)
    built = [build.prefix / "lib"]
    if not has_ros:
        built += [venv.folder / "lib", *_bundled_libraries(venv)]
        # Set here what the wheels' bootstrap would set by starting each Python process a second time.
        result["_ROS_WHEELS_BOOTSTRAP_COMPLETE"] = "1"
    _prepend(result, "LD_LIBRARY_PATH", built)
    _prepend(result, "PYTHONPATH", [root, *sorted(build.prefix.glob("**/python3*/*-packages"))])
    _prepend(result, "AMENT_PREFIX_PATH", [build.prefix] if has_ros else [build.prefix, venv.folder])
    _prepend(result, "PATH", [venv.folder / "bin"])
    result.pop("PYTHONDONTWRITEBYTECODE", None)  # eleven processes would compile every module at every start
    return dict(network(result).environment)


def _bundled_libraries(venv: Venv) -> list[Path]:
    site = venv.site_packages()
    return sorted(site.glob("ros_*.libs")) if site is not None else []


def _prepend(env: dict[str, str], name: str, paths: Iterable[Path]) -> None:
    parts = [*map(str, paths), *env.get(name, "").split(os.pathsep)]
    env[name] = os.pathsep.join(dict.fromkeys(part for part in parts if part))
