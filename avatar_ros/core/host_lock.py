"""One holder per name on this host: a second kiosk, or a second node of the same name, is refused at once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Mapping
from pathlib import Path

from .errors import ConfigError
from .paths import runtime_folder


class NameLock:
    """A lock that is held until `release` or until the process ends, however it ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; safe to call twice. The file stays: removing it would race with a holder that comes now."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def hold_name(name: str, *, remedy: str, env: Mapping[str, str] = os.environ) -> NameLock:
    """Take the lock of `name` ("/avatar", "/avatar/mic_node") in this user's ROS domain on this host.

    Raises ConfigError "already_running", which names the process that holds it and ends with `remedy`: what to do.
    """
    path = lock_path(name, env)
    descriptor = _open(path)
    if not _taken(descriptor):
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise ConfigError(
            "already_running",
            f"{name} is already running in ROS domain {_domain(env)} (process {holder or 'unknown'}); {remedy}",
        )
    with contextlib.suppress(OSError):  # who holds it is told for convenience: a full disk must not keep it from us
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return NameLock(path, descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_path(name: str, env: Mapping[str, str] = os.environ) -> Path:
    """The lock's file."""
    plain = re.sub(r"[^A-Za-z0-9]+", ".", name).strip(".")
    return runtime_folder(env) / f"avatar_ros-{os.getuid()}-{_domain(env)}-{plain}.lock"


def _domain(env: Mapping[str, str]) -> str:
    return env.get("ROS_DOMAIN_ID", "") or "0"


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError("lock_unusable", f"cannot open the lock file {path}: {error.strerror}") from error
