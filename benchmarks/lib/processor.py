"""Processor time of the nodes of a kiosk, from /proc: utime and stime of their processes and of those they start."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _STIME = 1, 11, 12  # man 5 proc, counted from the field behind the name
RUNNER = "runner"


class Reading(NamedTuple):
    """What had been used at an instant. phase: what went on then; used_s: by node, s of processor time so far."""

    at_s: float
    phase: Hashable
    used_s: Mapping[str, float]


def used_by_nodes(root_pid: int, proc: Path = Path("/proc")) -> dict[str, float]:
    """Seconds of processor time so far: of the runner with this number, and of each node below it, helpers included."""
    parents: dict[int, int] = {}
    used_s: dict[int, float] = {}
    names: dict[int, str] = {root_pid: RUNNER}
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            named = re.search(r"__node:=(\w+)", (folder / "cmdline").read_text())
        except OSError:
            continue  # it has ended
        pid = int(folder.name)
        parents[pid] = int(fields[_PPID])
        used_s[pid] = (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_A_SECOND
        if named:
            names[pid] = named[1]
    out: dict[str, float] = defaultdict(float)
    for pid, seconds in used_s.items():
        line = list(_ancestry(pid, parents))
        if root_pid in line:
            out[next(names[one] for one in line if one in names)] += seconds
    return dict(out)


def _ancestry(pid: int, parents: Mapping[int, int]) -> Iterable[int]:
    while pid:
        yield pid
        pid = parents.get(pid, 0)


def shares(readings: Iterable[Reading]) -> dict[Hashable, dict[str, float]]:
    """Percent of a core by phase and node. Stretches at whose two ends different things went on are left out."""
    lasted_s: dict[Hashable, float] = defaultdict(float)
    used_s: dict[Hashable, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for before, after in pairwise(readings):
        if before.phase != after.phase:
            continue
        lasted_s[after.phase] += after.at_s - before.at_s
        for node, seconds in after.used_s.items():
            used_s[after.phase][node] += max(0.0, seconds - before.used_s.get(node, seconds))
    return {
        phase: {node: 100 * seconds / lasted_s[phase] for node, seconds in of_nodes.items()}
        for phase, of_nodes in used_s.items()
        if lasted_s[phase] > 0
    }
