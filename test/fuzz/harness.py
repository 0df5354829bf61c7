"""Runs a loader over many damaged files, in forked processes: what crashes, hangs or eats memory is counted, not lost.

A file is good when it loads, or is refused with an error of the package that names it in one line. Everything else is a
finding: another exception, a warning, a message without the file's name, the process's death, more than 5 s of
processor time, more than 500 MB.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import mmap
import os
import re
import resource
import signal
import struct
import sys
import time
import traceback
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from avatar_ros.core.errors import AvatarRosError
from fuzz.loaders import LOADERS, case

MOST_CPU_S, MOST_BYTES, HANG_S = 5.0, 500 * 10**6, 40
ADDRESS_SPACE = 12 << 30
#: Refused by the boundary, in the words of a library: right, but a loader's own words would be better.
_LIBRARYS_WORDS = re.compile(r"cannot be read: (\w+): ")
BATCH = 500


@dataclass
class Result:
    """What came of one loader's files. findings: kind -> numbers of the cases; borrowed: exception -> how many were
    refused in a library's words.
    """

    loader: str
    tried: int = 0
    loaded: int = 0
    refused: int = 0
    findings: dict[str, list[int]] = field(default_factory=dict)
    borrowed: Counter = field(default_factory=Counter)
    longest_s: float = 0.0
    most_bytes: int = 0

    def add(self, kind, number):
        self.findings.setdefault(kind, []).append(number)

    def count(self, *starts):
        return sum(len(numbers) for kind, numbers in self.findings.items() if kind.startswith(starts))


def fuzz(name, seed, folder, *, count=None, seconds=None):
    """Damaged files 0, 1, … until there were `count`, or `seconds` are over."""
    result = Result(name)
    until = time.monotonic() + seconds if seconds else None
    while (count is None or result.tried < count) and (until is None or time.monotonic() < until):
        last = min(result.tried + BATCH, count or sys.maxsize)
        _batch(result, seed, folder, last, until)
    return result


def _batch(result, seed, folder, last, until):
    at = mmap.mmap(-1, 8)  # the case that the child works at, readable after its death
    at[:] = struct.pack("<q", result.tried)
    reader, writer = os.pipe()
    child = _fork()
    if not child:
        os.close(reader)
        _work(result.loader, seed, folder, range(result.tried, last), until, at, writer)
    os.close(writer)
    with os.fdopen(reader) as lines:
        for line in lines:
            _take(result, json.loads(line))
    _, status = os.waitpid(child, 0)
    if status:
        number = struct.unpack("<q", at[:])[0]
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        what = "hang" if died == signal.SIGALRM else f"crash by signal {died}" if died else f"exit {status >> 8}"
        result.add(what, number)
        result.tried = number + 1


def _fork():
    """As os.fork. What earlier tests of this process left is taken down here or never: its threads, which a destructor
    may wait for, are not in the child.
    """
    gc.collect()
    gc.freeze()
    child = os.fork()
    if child:
        gc.unfreeze()
    return child


def _take(result, told):
    result.tried = told["number"] + 1
    result.loaded += told["outcome"] == "loaded"
    result.refused += told["outcome"] == "refused"
    for kind in told["findings"]:
        result.add(kind, told["number"])
    if told["borrowed"]:
        result.borrowed[told["borrowed"]] += 1
    result.longest_s = max(result.longest_s, told["cpu_s"])
    result.most_bytes = max(result.most_bytes, told["bytes"])


def _work(name, seed, folder, numbers, until, at, writer):
    """In the child: one line a case; never returns."""
    faulthandler.disable()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(HANG_S)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    loader = LOADERS[name]
    path = Path(folder) / f"damaged{loader.suffix}"
    for number in numbers:
        if until is not None and time.monotonic() > until:
            break
        at[:] = struct.pack("<q", number)
        signal.alarm(HANG_S)
        path.write_bytes(case(name, seed, number))
        told = _one(loader, path)
        os.write(writer, (json.dumps(told | {"number": number}) + "\n").encode())
    os._exit(0)


def _is_printable(text):
    """Spaces of any width and tabs included, which do a terminal no harm; Python counts but one space.

    Nor does what this Python's Unicode has no character for, or a font of its own: a newer one may have.
    """
    return "".join(" " if c == "\t" or unicodedata.category(c) in ("Zs", "Cn", "Co") else c for c in text).isprintable()


def _one(loader, path):
    base, cpu_s = _peak(reset=True), time.process_time()
    findings, borrowed, outcome = [], "", "loaded"
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "unclosed event loop")  # of another test in this process
        try:
            loader.use(path)
        except AvatarRosError as error:
            outcome = "refused"
            said = str(error)
            words = _LIBRARYS_WORDS.search(said)
            borrowed = words[1] if words else ""
            if path.stem not in said or "\n" in said or not _is_printable(said) or len(said) > 3000:
                findings.append(f"message: {said[:200]!r}")
        except Exception as error:  # noqa: BLE001 - what it looks for
            outcome = "failed"
            findings.append(f"traceback: {type(error).__name__} at {_place(error)}: {str(error)[:100]}")
    findings += [f"warning: {w.message} at {Path(w.filename).name}:{w.lineno}" for w in warned[:1]]
    cpu_s, grown = time.process_time() - cpu_s, _peak() - base
    if cpu_s > MOST_CPU_S:
        findings.append("slow")
    if grown > MOST_BYTES:
        findings.append("fat")
    return {"outcome": outcome, "findings": findings, "borrowed": borrowed, "cpu_s": cpu_s, "bytes": grown}


def _place(error):
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "avatar_ros/" in frame.filename] or frames
    return f"{own[-1].filename.rpartition('avatar_ros/')[2]}:{own[-1].lineno}"


def _peak(*, reset=False):
    """Largest resident size of this process, bytes; reset: from now on."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024
