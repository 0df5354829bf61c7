"""What optional groups cost, said before they are fetched: measured with pip on x86-64 Linux and Python 3.11."""

from __future__ import annotations

from collections.abc import Iterable

#: Group of requirements/ (with its no_deps_ part) -> MB (10^6 bytes) to fetch, MB on the disk.
SIZES_MB = {"whisper": (110, 219), "meaning": (119, 139), "piper": (58, 64)}


def announcement(groups: Iterable[str]) -> str:
    """What is about to be fetched; "" where none of it was measured.

    >>> announcement(["embedded", "meaning", "no_deps_meaning", "piper"])
    'the extras meaning, piper: 177 MB to fetch, 203 MB on the disk'
    """
    named = [name for name in dict.fromkeys(groups) if name in SIZES_MB]
    if not named:
        return ""
    fetched, kept = (sum(SIZES_MB[name][i] for name in named) for i in (0, 1))
    return f"the extras {', '.join(named)}: {fetched} MB to fetch, {kept} MB on the disk"
