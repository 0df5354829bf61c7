"""The run that a node belongs to: a node that is started again must not destroy what it wrote before it died."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: Set by whoever starts the nodes (the runner, launch): wall clock in nanoseconds when the run began.
RUN_BEGAN = "AVATAR_ROS_RUN_BEGAN_NS"


def begun_in_this_run(path: Path, env: Mapping[str, str] = os.environ) -> bool:
    """Whether `path` was written since the run began. False where nobody said when that was."""
    began = env.get(RUN_BEGAN, "")
    return began.isdecimal() and path.exists() and path.stat().st_mtime_ns >= int(began)


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
