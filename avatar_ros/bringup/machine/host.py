"""What machine this is: its processor, its Python, its ROS 2."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .console import EXIT_BAD_MACHINE, SetupError, say

#: Pythons that the pinned wheels exist for.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
ROS_DISTRO = "jazzy"

#: They part paths in lists, or mean something to CMake, make or a shell.
_BREAKS_PATHS = frozenset(":;\"'`$\\[]#")

_PROBE = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "version": sys.version_info[:2],
    "has_venv": importlib.util.find_spec("ensurepip") is not None,
    "has_headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
}))
"""


@dataclass(frozen=True)
class Python:
    """An interpreter. has_venv: it can make virtual environments; has_headers: C code can be built for it."""

    executable: str
    version: tuple[int, int]
    has_venv: bool
    has_headers: bool


@dataclass(frozen=True)
class Host:
    """What ./avatar builds on. ros_prefixes: of a sourced ROS 2 Jazzy, empty where the wheels are to be used."""

    python: Python
    ros_prefixes: tuple[str, ...] = ()


def sourced_ros(env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The prefixes of a sourced ROS 2 Jazzy, empty if there is none; says so where another release is sourced."""
    distro = env.get("ROS_DISTRO", "")
    if distro == ROS_DISTRO:
        prefixes = tuple(entry for entry in env.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if entry)
        if any((Path(prefix) / "share/rclpy").is_dir() for prefix in prefixes):
            return prefixes
    return ()


def check_platform(has_ros: bool) -> None:
    """Raise SetupError where neither a ROS 2 installation nor the wheels can be had."""
    system, machine = platform.system(), platform.machine()
    if system != "Linux":
        raise SetupError(f"avatar_ros runs on Linux; this is {system}", EXIT_BAD_MACHINE)
    if not has_ros and machine != "x86_64":
        raise SetupError(
            f"ROS 2 comes as wheels for x86-64 only and this machine is {machine}: install ROS 2 Jazzy, "
            "source /opt/ros/jazzy/setup.bash, and run this again",
            EXIT_BAD_MACHINE,
        )
    library, version = platform.libc_ver()
    if not has_ros and (library != "glibc" or tuple(map(int, version.split("."))) < (2, 28)):
        raise SetupError(f"the ROS 2 wheels need glibc 2.28 or newer; this is {library or 'not glibc'} {version}", 2)


def check_folder(root: Path, has_ros: bool) -> None:
    """Raise SetupError where a checkout's path would break its build, or what runs in it, minutes later.

    Spaces and letters of any alphabet will do; a ROS 2 installation's message generator reads ASCII alone (the one of
    the wheels is mended in build.py).
    """
    path = str(root)
    bad = sorted({c for c in path if c in _BREAKS_PATHS or not c.isprintable() or (has_ros and not c.isascii())})
    if bad:
        shown = " ".join(c if c.isprintable() else repr(c)[1:-1] for c in bad)
        raise SetupError(
            f"the checkout lies in {path!r}, and {shown} in a path is more than CMake or ROS 2 can take; move it",
            EXIT_BAD_MACHINE,
        )


def find_host(env: Mapping[str, str] = os.environ) -> Host:
    """The machine at hand. Raises SetupError where it cannot run avatar_ros, saying what to install."""
    prefixes = sourced_ros(env)
    check_platform(bool(prefixes))
    if env.get("ROS_DISTRO") and not prefixes:
        say(f"ROS 2 {env['ROS_DISTRO']} is sourced; avatar_ros needs jazzy, so it uses ROS 2 wheels of its own")
    return Host(find_python(with_ros=bool(prefixes)), prefixes)


def find_python(with_ros: bool = False) -> Python:
    """The interpreter to build on: this one where it fits, else the first that does; ROS dictates the system's."""
    names = ["/usr/bin/python3"] if with_ros else [sys.executable]
    if not with_ros:
        names += [f"python3.{minor}" for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1)]
    found = [python for name in names if (python := probe(name)) is not None]
    fitting = [python for python in found if OLDEST_PYTHON <= python.version <= NEWEST_PYTHON]
    if not fitting:
        oldest, newest = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
        have = ", ".join(f"{p.executable} is {p.version[0]}.{p.version[1]}" for p in found) or "there is none"
        raise SetupError(f"avatar_ros needs Python {oldest} to {newest} on PATH; {have}", EXIT_BAD_MACHINE)
    complete = [python for python in fitting if python.has_venv and python.has_headers]
    return (complete or fitting)[0]


def probe(name: str) -> Python | None:
    """What `name` on PATH is, None where it does not run (a shim without its version, say)."""
    path = shutil.which(name)
    if path is None:
        return None
    done = subprocess.run([path, "-I", "-c", _PROBE], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    facts = json.loads(done.stdout)
    return Python(facts["executable"], tuple(facts["version"]), facts["has_venv"], facts["has_headers"])
