"""Whose CLOCK_MONOTONIC this process reads: that of a boot and a time namespace."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TIME_NAMESPACE = Path("/proc/self/ns/time")


@cache
def own_clock_id() -> int:
    """The same for all processes that share the clock, containers of one host too; another on each other host."""
    return clock_id_of(_BOOT.read_text(encoding="ascii").strip(), _time_namespace())


def clock_id_of(boot: str, time_namespace: str) -> int:
    """64 bits, never 0 (which is: unknown, or this host's)."""
    digest = hashlib.sha256(f"{boot} {time_namespace}".encode()).digest()
    return int.from_bytes(digest[:8], "big") or 1


def _time_namespace() -> str:
    try:
        return os.readlink(_TIME_NAMESPACE)
    except OSError:  # Linux before 5.6, or a container without /proc/self/ns
        return ""
