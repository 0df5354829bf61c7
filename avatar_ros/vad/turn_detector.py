"""No detector of turns: words and silence decide alone (`words`), or silence alone (`none`)."""

from __future__ import annotations

from ..core.arrays import Pcm
from .base import VadSettings


class NoDetector:
    """TurnDetector that judges nothing."""

    def __init__(self, settings: VadSettings) -> None:
        pass

    def load(self) -> None:
        """Nothing to load."""

    def probability(self, sound: Pcm) -> float | None:
        """None."""
        return None

    def close(self) -> None:
        """Nothing to free."""
