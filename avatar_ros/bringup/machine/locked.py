"""Which files pip may install: requirements/lock/<group>.txt holds every package of a group with its hashes.

tools/lock_requirements.py makes them from requirements/<group>.txt; a lock says from which text it was made.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

#: Groups without a lock: torch and what comes along with it (CUDA, gsplat, transformers, FunASR's needs). Which of its
#: builds fits is a matter of the machine, and each has other hashes.
UNLOCKED = ("neural", "gpu", "sensevoice")
#: Groups with one, in the order in which they are made: what an earlier one chose binds the later ones.
LOCKED = (
    *("bootstrap", "embedded", "build", "ros", "aec", "no_deps", "openai", "edge", "whisper", "sherpa", "piper"),
    *("meaning", "turn_detector", "gl", "recording", "web", "webrtc", "people", "test"),
    *("no_deps_gpu", "no_deps_sensevoice", "no_deps_whisper"),
    *("no_deps_meaning", "no_deps_turn_detector"),
)
SOURCE_LINE = "# made from: "
#: A line of a requirement file that names another.
_INCLUDED = re.compile(r"-[rc]\s*(\S+)")


def lock_file(folder: Path, group: str) -> Path:
    """The lock of a group. folder: requirements/."""
    return folder / "lock" / f"{group}.txt"


def with_included(file: Path) -> list[Path]:
    """A requirement file and those that it names with -r or -c, theirs too: a pin may stand in any of them."""
    files = [file]
    for line in file.read_text().splitlines() if file.exists() else ():
        if found := _INCLUDED.match(line):
            files += with_included(file.parent / found[1])
    return files


def source_of(folder: Path, group: str) -> str:
    """A digest of what a group asks for, comments left out."""
    total = hashlib.sha256()
    for file in dict.fromkeys(with_included(folder / f"{group}.txt")):
        lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
        total.update("\n".join([file.name, *filter(None, lines)]).encode())
    return total.hexdigest()


def is_current(folder: Path, group: str) -> bool:
    """Whether the group's lock was made from the requirements as they are now."""
    lock = lock_file(folder, group)
    return lock.is_file() and f"{SOURCE_LINE}{source_of(folder, group)}\n" in lock.read_text()
