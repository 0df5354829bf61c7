"""What judges by its sound whether somebody is done speaking, and where the backends live."""

from __future__ import annotations

from typing import Protocol

from ..core.arrays import Pcm
from ..core.registry import Backend, Registry
from .base import VadSettings


class TurnDetector(Protocol):
    """A backend, made as `Class(settings)`; its calls come one at a time, on any thread."""

    def load(self) -> None:
        """Load and warm the model. Raises ConfigError with what to do."""
        ...

    def probability(self, sound: Pcm) -> float | None:
        """Probability 0–1 that who speaks in `sound` is done; None where this detector judges no sound.

        sound: int16 [n], 16 kHz mono, an utterance from its beginning, or its last 8 s, to some silence behind it.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


class NoDetector:
    """TurnDetector: words and silence decide alone, or silence alone."""

    def __init__(self, settings: VadSettings) -> None:
        pass

    def load(self) -> None:
        """Nothing to load."""

    def probability(self, sound: Pcm) -> float | None:
        """None."""
        return None

    def close(self) -> None:
        """Nothing to free."""


_NONE = Backend("avatar_ros.vad.turn_detector:NoDetector")
TURN_DETECTORS = Registry(
    "turn detector",
    TurnDetector,
    {
        "words": _NONE,
        "none": _NONE,
        "smart_turn": Backend("avatar_ros.vad.smart_turn:SmartTurn", "turn_detector", ("onnxruntime",)),
    },
)
