"""No screen: takes everything, shows nothing."""

from __future__ import annotations

from ..core.enums import AgentState
from .base import U8, Captions, DisplaySettings, ScreenEvents


class OffScreen:
    """For machines without a panel, or with `--display off`."""

    name = "off"
    size = (0, 0)

    def __init__(self, settings: DisplaySettings) -> None:
        """Settings: not used."""

    def open(self) -> None:
        """Nothing to take."""

    def show(self, rgba: U8, shown_at_s: float) -> None:
        """Drop the frame."""

    def tell(self, state: AgentState, captions: Captions) -> None:
        """Drop the state."""

    def poll(self) -> ScreenEvents:
        """Nothing ever happens."""
        return ScreenEvents()

    def close(self) -> None:
        """Nothing to give back."""
