"""A progress bar on a terminal, silence elsewhere (a log full of carriage returns helps nobody)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeVar

Item = TypeVar("Item")

BAR_WIDTH = 30


def progress(items: Sequence[Item], what: str, stream: TextIO | None = None) -> Iterator[Item]:
    """Yield the items; draws `what [=====     ] 50 %` on `stream` (stderr) while it is a terminal."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield from items
        return
    shown = -1
    for done, item in enumerate(items):
        percent = 100 * done // len(items)
        if percent != shown:
            shown = percent
            stream.write("\r" + bar(what, percent))
            stream.flush()
        yield item
    stream.write("\r" + bar(what, 100) + "\n")


def bar(what: str, percent: int) -> str:
    """One line of the bar."""
    filled = BAR_WIDTH * percent // 100
    return f"{what} [{'=' * filled}{' ' * (BAR_WIDTH - filled)}] {percent:3d} %"
