"""A scripted recogniser: gives its script, utterance by utterance, word after word as the sound comes."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.arrays import Pcm
from ..core.rates import LISTENING_RATE_HZ
from ..core.settings import Settings, setting
from .base import AsrSettings, Hypothesis

SECONDS_PER_WORD = 0.25


@dataclass(frozen=True)
class FakeSettings(Settings):
    """Options of backend `fake`."""

    script: str = setting("what time is it", "what it hears, utterance by utterance, separated by |")


class FakeRecognitionStream:
    """A RecognitionStream. An empty text is a rejected utterance."""

    def __init__(self, text: str) -> None:
        self._words = text.split()
        self._samples = 0

    def accept(self, pcm: Pcm) -> None:
        """Count the sound."""
        self._samples += len(pcm)

    def partial(self) -> Hypothesis:
        """As many words as there was time for."""
        count = int(self._samples / LISTENING_RATE_HZ / SECONDS_PER_WORD)
        words = self._words[:count]
        return Hypothesis(" ".join(words), 1.0, complete=bool(words) and len(words) == len(self._words))

    def finish(self) -> Hypothesis:
        """The whole text; no sound at all is rejected."""
        if not self._words or not self._samples:
            return Hypothesis(rejected=True)
        return Hypothesis(" ".join(self._words), 1.0, complete=True)

    def abandon(self) -> None:
        """Nothing to free."""


class FakeRecogniser:
    """A Recogniser. The script starts again when it is used up."""

    def __init__(self, settings: AsrSettings, own: FakeSettings) -> None:
        self._lines = [line.strip() for line in own.script.split("|")]
        self._next = 0

    def load(self) -> None:
        """Nothing to load."""

    def start(self) -> FakeRecognitionStream:
        """An utterance that says the next line."""
        line = self._lines[self._next % len(self._lines)]
        self._next += 1
        return FakeRecognitionStream(line)

    def close(self) -> None:
        """Nothing to free."""
