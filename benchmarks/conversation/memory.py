"""Memory of a process and of all that it has started, from /proc (proc(5)); kiB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROC = Path("/proc")
_MODULE = re.compile(r"avatar_ros\.(?:nodes\.)?([\w.]+)")


@dataclass(frozen=True)
class Memory:
    """Of one process at `at_s` seconds from the start. rss: resident; pss: shared pages counted by share; private:
    pages that nobody else has; own: of pss what is no file's. The others change with what else runs on the machine:
    a program elsewhere that ends leaves its share of a library's pages to those that map it, too.
    """

    name: str
    pid: int
    at_s: float
    rss_kib: int
    pss_kib: int
    private_kib: int
    own_kib: int = 0


@dataclass(frozen=True)
class Growth:
    """Medians of two windows of time, MiB, and the process they are of."""

    name: str
    pid: int
    before_mib: float
    after_mib: float
    pss_mib: float

    @property
    def growth_mib(self) -> float:
        return self.after_mib - self.before_mib


def descendants(pid: int) -> list[int]:
    """`pid` and all processes below it, those that live now."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def sample(pid: int, at_s: float) -> Memory | None:
    """The memory of a process; None where it is gone."""
    folder = PROC / str(pid)
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()[1:]
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    if not kib:
        return None  # a zombie
    private = kib["Private_Clean"] + kib["Private_Dirty"]
    own = kib["Pss"] - kib["Pss_File"]
    return Memory(process_name(command), pid, at_s, kib["Rss"], kib["Pss"], private, own)


def process_name(command: str) -> str:
    """What a person calls a process of the kiosk.

    >>> process_name("python3 -m avatar_ros.nodes.asr_node --ros-args -r __ns:=/avatar")
    'asr_node'
    """
    if found := _MODULE.search(command):
        return found[1]
    return "kiosk" if "avatar_ros kiosk" in command else Path(command.split(" ")[0]).name


def growths(samples: Sequence[Memory], settled_s: float, window_s: float) -> list[Growth]:
    """Median resident memory in the last `window_s` of a process's life against that in the first after `settled_s`,
    of processes that lived for longer than both.
    """
    by_pid: dict[int, list[Memory]] = {}
    for each in samples:
        by_pid.setdefault(each.pid, []).append(each)
    out = []
    for pid, own in by_pid.items():
        begin_s, end_s = own[0].at_s + settled_s, own[-1].at_s - window_s
        first = [m.rss_kib for m in own if begin_s <= m.at_s <= begin_s + window_s]
        last = [m for m in own if m.at_s >= end_s]
        if first and begin_s <= end_s:
            rss, pss = median(m.rss_kib for m in last), median(m.pss_kib for m in last)
            out.append(Growth(own[-1].name, pid, median(first) / 1024, rss / 1024, pss / 1024))
    return sorted(out, key=lambda growth: -growth.growth_mib)


def _parent(entry: Path) -> int | None:
    try:
        # Behind the name, which may itself hold spaces and brackets: state, parent, …
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None
