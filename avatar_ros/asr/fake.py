"""A scripted recogniser: it hears its script, utterance by utterance, word after word as the sound comes."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from ..core.settings import Settings, setting
from .base import AsrSettings, Heard

SECONDS_PER_WORD = 0.25


@dataclass(frozen=True)
class FakeSettings(Settings):
    """Options of backend `fake`."""

    script: str = setting("what time is it", "what it hears, utterance by utterance, separated by |")


class FakeHearing:
    """Hearing. An empty text is an utterance that was not understood."""

    def __init__(self, text: str) -> None:
        self._words = text.split()
        self._samples = 0

    def accept(self, pcm: Pcm) -> None:
        """Count the sound."""
        self._samples += len(pcm)

    def partial(self) -> Heard:
        """As many words as there was time for."""
        count = int(self._samples / LISTENING_RATE_HZ / SECONDS_PER_WORD)
        words = self._words[:count]
        return Heard(" ".join(words), 1.0, complete=bool(words) and len(words) == len(self._words))

    def finish(self) -> Heard:
        """The whole text; no sound at all is not understood."""
        if not self._words or not self._samples:
            return Heard(rejected=True)
        return Heard(" ".join(self._words), 1.0, complete=True)

    def abandon(self) -> None:
        """Nothing to free."""


class FakeRecogniser:
    """Recogniser. The script starts again when it is used up."""

    def __init__(self, settings: AsrSettings, own: FakeSettings) -> None:
        self._lines = [line.strip() for line in own.script.split("|")]
        self._next = 0

    def load(self) -> None:
        """Nothing to load."""

    def start(self) -> FakeHearing:
        """Hear the next line."""
        line = self._lines[self._next % len(self._lines)]
        self._next += 1
        return FakeHearing(line)

    def close(self) -> None:
        """Nothing to free."""
