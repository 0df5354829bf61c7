"""Removes the shared memory of processes that were killed: Fast DDS leaves half a megabyte of each, for ever.

Each participant keeps a lock (flock) on `fastrtps_<number>_el` for as long as it lives: whose lock can be taken is
dead. `fastdds shm clean` goes by the same rule.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/dev/shm")
_LOCK = "_el"
#: Between making a lock's file and taking the lock a process needs less than this, s.
YOUNG_S = 10.0


def remove_dead_segments(folder: Path = FOLDER, unix_s: float | None = None) -> int:
    """Remove what dead processes of this user left in `folder`; how many segments that were. Never fails."""
    now_s = time.time() if unix_s is None else unix_s
    removed = 0
    with suppress(OSError):
        for lock in sorted(folder.glob(f"fastrtps_*{_LOCK}")):
            # Ports (fastrtps_port7412) are few, and shared by later processes.
            if not lock.name.startswith("fastrtps_port"):
                removed += _removed(lock, now_s)
    return removed


def _removed(lock: Path, now_s: float) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.getuid() or now_s - found.st_mtime < YOUNG_S:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.with_name(lock.name.removesuffix(_LOCK)).unlink(missing_ok=True)
        lock.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
