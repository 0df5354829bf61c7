"""The dialogue's restart counter, kept in a small file so that it grows even if the time of day went back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..core.known_turns import LARGEST_EPOCH
from ..core.private import private_folder, write_private


def next_epoch(stored: int | None, unix_s: float) -> int:
    """An epoch larger than the stored one, and, where nothing is stored, than one made at any earlier time of day."""
    return max(1, int(unix_s), (stored or 0) + 1)


def default_path(env: Mapping[str, str] = os.environ) -> Path:
    """$XDG_STATE_HOME/avatar_ros/epoch, else ~/.local/state/avatar_ros/epoch.

    One file serves every kiosk of a user: each only needs its own epochs to grow.
    """
    base = env.get("XDG_STATE_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(env.get("HOME") or "/") / ".local" / "state"
    return folder / "avatar_ros" / "epoch"


def read_epoch(path: Path) -> int | None:
    """The stored epoch; None where there is none, or nothing that could be one."""
    try:
        text = path.read_bytes()[:32].decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() and int(text) < LARGEST_EPOCH else None


def write_epoch(path: Path, epoch: int) -> str:
    """Store it, whole or not at all; what went wrong, or "" (a kiosk that cannot write still talks)."""
    try:
        private_folder(path.parent)
        write_private(path, f"{epoch}\n")
    except OSError as error:
        return f"cannot store the epoch in {path}: {error.strerror}; after a restart the clock alone orders turns"
    return ""
