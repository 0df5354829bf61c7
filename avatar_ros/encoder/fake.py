"""Backend `fake`: an open mouth exactly where the sound is loud. For tests, and to measure picture against sound.

The frame that holds a loud sample is AA and nothing else, every other frame is silence; a sentence of clicks so gives
one open frame a click, at a place that can be worked out by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arrays import F32
from ..core.types import SpeechChunk
from ..speech.phones import LOUDNESS, PHONE_DIM, PHONE_INDEX, PHONE_KIND, PHONE_RATE_HZ, SIL
from .base import EncoderSettings

LOUD = 3000


class FakeEncoder:
    """Makes FakeStreams."""

    kind = PHONE_KIND
    dim = PHONE_DIM
    rate_hz = PHONE_RATE_HZ

    def __init__(self, settings: EncoderSettings) -> None:
        self.settings = settings

    def load(self) -> None:
        """Nothing to load."""

    def expect(self, text: str, locale: str) -> None:
        """Nothing depends on the text."""

    def open(self, sample_rate_hz: int) -> FakeTurnStream:
        """A stream for one turn's speech."""
        return FakeTurnStream(sample_rate_hz)

    def status(self) -> Mapping[str, str]:
        """Nothing to say."""
        return {}

    def close(self) -> None:
        """Nothing to free."""


class FakeTurnStream:
    """Frame i covers the 10 ms around its instant."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._next_frame = 0
        self._end_sample = 0
        self._loud: set[int] = set()

    def push(self, chunk: SpeechChunk) -> F32:
        """Frames whose 10 ms are over."""
        loud = np.flatnonzero(np.abs(chunk.pcm.astype(np.int32)) >= LOUD) + self._end_sample
        self._loud.update(np.floor(loud / self._rate_hz * PHONE_RATE_HZ + 0.5).astype(int).tolist())
        self._end_sample += len(chunk.pcm)
        return self._give(int(np.floor(self._end_sample / self._rate_hz * PHONE_RATE_HZ + 0.5)))

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._give(int(np.ceil(self._end_sample / self._rate_hz * PHONE_RATE_HZ)))

    def _give(self, until: int) -> F32:
        out = np.zeros((max(0, until - self._next_frame), PHONE_DIM), np.float32)
        for i in range(len(out)):
            loud = self._next_frame + i in self._loud
            out[i, PHONE_INDEX["AA"] if loud else SIL] = 1.0
            out[i, LOUDNESS] = float(loud)
        self._next_frame += len(out)
        return out
