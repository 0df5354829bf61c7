"""Faults of the machine: it ran short of memory, disk, descriptors or processes, or a device failed.

They are not what the user asked for, so they are tried again; what reports an error asks `machine_fault` first.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from .errors import AvatarRosError, MachineError

#: errno -> (code, what happened, what to do)
_FAULTS = {
    errno.ENOMEM: ("no_memory", "no memory is left", "end other programs, or choose smaller models"),
    errno.ENOSPC: ("disk_full", "the disk is full", "free some space"),
    errno.EDQUOT: ("disk_full", "the user's share of the disk is used up", "free some space"),
    errno.EFBIG: ("disk_full", "the file may not grow further", "raise the limit of file sizes (ulimit -f)"),
    errno.EMFILE: ("no_descriptors", "the process may open no more files", "raise the limit of open files (ulimit -n)"),
    errno.ENFILE: ("no_descriptors", "the system can open no more files", "end other programs"),
    errno.EAGAIN: ("no_processes", "no process or thread can be started", "raise the limit (ulimit -u), end others"),
    errno.ENOBUFS: ("no_memory", "no memory is left for the network's buffers", "end other programs"),
    errno.EIO: ("device_failed", "a disk or device failed at reading or writing", "look at it (dmesg)"),
    errno.EREMOTEIO: ("device_failed", "a device failed at reading or writing", "look at it (dmesg)"),
    errno.ENODEV: ("device_failed", "a device has gone", "plug it in again"),
    errno.ENXIO: ("device_failed", "a device has gone", "plug it in again"),
    errno.ESTALE: ("device_failed", "a network disk has gone", "mount it again"),
}
#: Codes of what is short whatever is being read; the others may be the fault of what was given (a device as a file).
_RAN_OUT = frozenset({"no_memory", "disk_full", "no_descriptors"})
#: What loaders and libraries say who raise errors of their own, or end the process with a last line.
_WORDS: dict[int, str] = {
    errno.ENOMEM: r"cannot allocate memory|failed to map segment|bad_?alloc|MemoryError|[mc]alloc\b.*failed|"
    r"(failed|unable) to allocate|insufficient memory",
    errno.EAGAIN: r"resource temporarily unavailable|can't start new thread",
    **{n: re.escape(os.strerror(n)) for n in (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EIO)},
}
_SAID = {number: re.compile(words, re.IGNORECASE) for number, words in _WORDS.items()}


def ran_out(error: BaseException) -> bool:
    """Whether `error` itself says that memory, disk or descriptors ran out."""
    if isinstance(error, OSError):
        return error.errno in _FAULTS and _FAULTS[error.errno][0] in _RAN_OUT
    return isinstance(error, MemoryError)


def says_short(text: str) -> bool:
    """Whether the last line of a process tells of a fault of the machine."""
    return _said(text) is not None


def machine_fault(error: BaseException) -> MachineError | None:
    """The fault of the machine that `error` is, or that led to it; None where it is something else.

    A loader's "cannot be read" names the OSError that it met as its cause or context: that counts, whatever raised it.
    """
    for met in _chain(error):
        if isinstance(met, MachineError):
            return met
        if (number := _number(met)) is not None:
            code, what, remedy = _FAULTS[number]
            said = " ".join(str(error).split()) or type(error).__name__
            return MachineError(code, f"{what}: {said}; {remedy}")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    met: BaseException | None = error
    seen: set[int] = set()
    while met is not None and id(met) not in seen:
        seen.add(id(met))
        yield met
        met = met.__cause__ or met.__context__


def _number(error: BaseException) -> int | None:
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if error.errno in _FAULTS else None
    return None if isinstance(error, AvatarRosError) else _said(str(error))


def _said(text: str) -> int | None:
    return next((number for number, words in _SAID.items() if words.search(text)), None)
