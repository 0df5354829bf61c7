"""The run that a node belongs to: a node that is started again must not destroy what it wrote before it died."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

#: Set by the runner or launch, which start the nodes, to `begin_now()`.
RUN_BEGAN = "AVATAR_ROS_RUN_BEGAN_NS"


def begin_now() -> str:
    """The instant at which a run begins: wall clock and CLOCK_MONOTONIC, ns, a colon between."""
    return f"{time.time_ns()}:{time.monotonic_ns()}"


def _began_ns(text: str, wall_ns: int, steady_ns: int) -> int | None:
    """When the run began, as files are stamped. The time of day may have been set back since: the earlier counts,
    so that what was written before or after that is taken for this run's, and kept.
    """
    wall, _, steady = text.partition(":")
    if not wall.isdecimal():
        return None
    return min(int(wall), wall_ns - (steady_ns - int(steady))) if steady.isdecimal() else int(wall)


def begun_in_this_run(path: Path, env: Mapping[str, str] = os.environ, wall_ns: int | None = None) -> bool:
    """Whether `path` was written since the run began. False where that is not known."""
    now_ns = time.time_ns() if wall_ns is None else wall_ns
    began_ns = _began_ns(env.get(RUN_BEGAN, ""), now_ns, time.monotonic_ns())
    return began_ns is not None and path.exists() and path.stat().st_mtime_ns >= began_ns


def unused_in_this_run(path: Path, env: Mapping[str, str] = os.environ) -> Path:
    """`path`, or the first of name-2, name-3, … that this run has not written yet.

    >>> unused_in_this_run(Path("out.mp4"), env={})
    PosixPath('out.mp4')
    """
    number, chosen = 1, path
    while begun_in_this_run(chosen, env):
        number += 1
        chosen = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return chosen
