"""A scripted detector: speech at the given times, whatever the sound."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.arrays import Pcm
from ..core.errors import ConfigError
from ..core.rates import LISTENING_RATE_HZ
from ..core.settings import Settings, setting
from .base import VadSettings

Span = tuple[float, float]


def parse_script(text: str) -> tuple[Span, ...]:
    """'0.5-2.0, 3-4.5' as ((0.5, 2.0), (3.0, 4.5)), seconds. Raises ConfigError."""
    return tuple(_span(item) for item in text.split(",") if item.strip())


def _span(item: str) -> Span:
    start, _, end = item.strip().partition("-")
    try:
        span = (float(start), float(end))
    except ValueError:
        span = (0.0, 0.0)
    if not 0 <= span[0] < span[1]:
        raise ConfigError("vad_script", f"script: '{item.strip()}' is not START-END in seconds, such as 0.5-2.0")
    return span


@dataclass(frozen=True)
class FakeVoiceStream:
    """VoiceStream: 1 where the window's middle lies in a span, else 0."""

    spans: tuple[Span, ...]

    def probability(self, window: Pcm, first_sample: int) -> float:
        """See VoiceStream."""
        middle_s = (first_sample + len(window) / 2) / LISTENING_RATE_HZ
        return float(any(start <= middle_s < end for start, end in self.spans))


@dataclass(frozen=True)
class FakeSettings(Settings):
    """Options of backend `fake`."""

    script: str = setting("", "when there is speech, s from the stream's start: '0.5-2.0, 3-4.5'")


class FakeVad:
    """VoiceDetector."""

    def __init__(self, settings: VadSettings, own: FakeSettings) -> None:
        self._spans = parse_script(own.script)

    def load(self) -> None:
        """Nothing to load."""

    def stream(self) -> FakeVoiceStream:
        """A stream that follows the script."""
        return FakeVoiceStream(self._spans)

    def close(self) -> None:
        """Nothing to free."""
