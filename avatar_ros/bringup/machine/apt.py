"""Packages of the operating system: only those that are missing, and never a question to apt when none is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .console import EXIT_BAD_MACHINE, SetupError, ask, run_step, say
from .host import Python

_LIBRARY_FOLDERS = tuple(
    f"/usr/{folder}" for folder in ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64", "lib", "local/lib")
)


@dataclass(frozen=True)
class SystemPackage:
    """name: of the Debian package; present: probe of what it brings; optional: "" or what is lost without it."""

    name: str
    present: Callable[[], bool]
    optional: str = ""


def required_packages(python: Python) -> tuple[SystemPackage, ...]:
    """What setting up and running need of the system."""
    version = f"{python.version[0]}.{python.version[1]}"
    return (
        SystemPackage("g++", lambda: shutil.which("g++") is not None),
        SystemPackage("make", lambda: shutil.which("make") is not None),
        SystemPackage(f"python{version}-venv", lambda: python.has_venv),
        SystemPackage(f"python{version}-dev", lambda: python.has_headers),
        SystemPackage("libportaudio2", lambda: has_library("libportaudio.so.2"), "microphone and speaker"),
    )


def has_library(name: str) -> bool:
    """Whether a shared library lies where the loader looks; ctypes' own search starts a compiler, which is slow."""
    return any((Path(folder) / name).exists() for folder in _LIBRARY_FOLDERS)


def install_missing(packages: tuple[SystemPackage, ...], log: Path, *, yes: bool) -> None:
    """Install what is missing, with sudo after asking. Raises SetupError where that cannot be done."""
    missing = [package for package in packages if not package.present()]
    if not missing:
        return
    names = [package.name for package in missing]
    prefix = _prefix(names, yes)
    if prefix is None:
        _go_without(missing)
        return
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    remedy = f"install them yourself ({' '.join(names)}) and run this again"
    if not _has_lists():
        run_step("updating the package lists", [*command, "update"], log, remedy=remedy)
    install = [*command, "install", "-y", "--no-install-recommends", *names]
    title = f"installing {', '.join(names)}"
    try:
        run_step(title, install, log, remedy=remedy)
    except SetupError:
        say("trying again with fresh package lists")
        run_step("updating the package lists", [*command, "update"], log, remedy=remedy)
        run_step(title, install, log, remedy=remedy)


def _prefix(names: list[str], yes: bool) -> list[str] | None:
    """What to put before apt-get: nothing for root, else sudo after asking; None where it cannot be used."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if yes:
        return ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    if not sys.stdin.isatty():
        raise SetupError(
            f"missing: {', '.join(names)}; nobody is here to ask, so add --yes to install them with sudo",
            EXIT_BAD_MACHINE,
        )
    if not ask(f"install {', '.join(names)} with sudo apt-get?"):
        return None
    if subprocess.run(["sudo", "-v"], check=False).returncode:  # the password, before output goes to a log
        raise SetupError(f"sudo was refused; install {' '.join(names)} as a user who may, and run this again")
    return ["sudo"]


def _go_without(missing: list[SystemPackage]) -> None:
    required = [package.name for package in missing if not package.optional]
    if required:
        raise SetupError(
            f"missing: {', '.join(required)}; install them (their Debian names) and run this again", EXIT_BAD_MACHINE
        )
    for package in missing:
        say(f"{package.name} is missing: no {package.optional} until it is installed")


def _has_lists() -> bool:
    folder = Path("/var/lib/apt/lists")
    return folder.is_dir() and any(folder.glob("*Packages*"))
