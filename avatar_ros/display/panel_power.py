"""Whether the panels are switched off (DPMS): the kernel says it for X, Wayland and a bare console alike.

A kiosk does not know which connector its window is on, so it goes by all that have a panel: off where each of them is.
"""

from __future__ import annotations

from pathlib import Path

CONNECTORS = Path("/sys/class/drm")
ASK_EVERY_S = 1.0


class PanelPower:
    """Asks the kernel at most once in ASK_EVERY_S."""

    def __init__(self, connectors: Path = CONNECTORS) -> None:
        self._connectors = connectors
        self._asked_s = float("-inf")
        self._off = False

    def is_off(self, now_s: float) -> bool:
        """Whether panels are connected and all of them are off; False where the kernel does not say."""
        if now_s - self._asked_s >= ASK_EVERY_S:
            self._asked_s = now_s
            states = [_text(panel / "dpms") for panel in self._connectors.glob("card*-*") if _is_connected(panel)]
            self._off = bool(states) and all(state == "Off" for state in states)
        return self._off


def _is_connected(connector: Path) -> bool:
    return _text(connector / "status") == "connected"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
