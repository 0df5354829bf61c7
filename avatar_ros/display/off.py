"""No screen: takes everything, shows nothing."""

from __future__ import annotations

from .base import DisplaySettings, Screen, ScreenEvents


class OffScreen(Screen):
    """For machines without a panel, or with `--display off`. What it is given, it drops."""

    name = "off"
    size = (0, 0)

    def __init__(self, settings: DisplaySettings) -> None:
        """Settings: not used."""

    def poll(self) -> ScreenEvents:
        """Nothing ever happens."""
        return ScreenEvents()
