"""The one broad `except`: a stage's failure, whatever it is, is handed on instead of ending the thread in silence."""

from __future__ import annotations

from collections.abc import Callable


def guarded(work: Callable[[], None], report: Callable[[Exception], None]) -> bool:
    """Do `work`; what it raises goes to `report`. Whether it was done."""
    try:
        work()
    except Exception as error:  # noqa: BLE001
        report(error)
        return False
    return True
