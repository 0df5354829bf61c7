"""speech/played: what was sent to the card, in frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from ..core.arrays import Pcm
from ..core.clock import ns_from_s
from ..core.types import AudioFrame
from .base import SpeakerSettings

#: A block that is heard so much later than the one before ended: the card had an underrun in between.
_GAP_S = 0.004


class PlayedFramer:
    """Blocks in, frames out: short while there is sound, long in silence, which is most of the day.

    Where the card stood still there is silence, for those who compare what is played with a microphone's sound.
    """

    def __init__(self, settings: SpeakerSettings) -> None:
        self._session = settings.session
        self._rate_hz = settings.speech_rate_hz
        self._short = round(settings.played_frame_s * self._rate_hz)
        self._long = max(self._short, round(settings.silent_frame_s * self._rate_hz))
        self._blocks: deque[tuple[Pcm, float]] = deque()
        self._waiting = 0
        self._sound_until = 0  # the sample after the last audible block
        self._sample = 0
        self._next_s: float | None = None  # when the block after the last is due

    def add(self, pcm: Pcm, at_s: float) -> None:
        """Take a block; its first sample is heard at `at_s`."""
        gap_s = at_s - self._next_s if self._next_s is not None else 0.0
        self._next_s = at_s + len(pcm) / self._rate_hz
        if gap_s > _GAP_S:
            silence = np.zeros(min(round(gap_s * self._rate_hz), self._rate_hz), np.int16)
            self._blocks.append((silence, at_s - len(silence) / self._rate_hz))
            self._waiting += len(silence)
        self._blocks.append((pcm, at_s))
        self._waiting += len(pcm)
        if pcm.any():
            self._sound_until = self._sample + self._waiting

    def frames(self) -> Iterator[AudioFrame]:
        """Frames that are full."""
        while self._waiting >= (size := self._size()):
            pcm, at_s = self._take(size)
            yield AudioFrame(
                session=self._session,
                first_sample=self._sample,
                sample_rate_hz=self._rate_hz,
                pcm=pcm,
                steady_ns=ns_from_s(at_s),
            )
            self._sample += len(pcm)

    def _size(self) -> int:
        return self._short if self._sound_until > self._sample else self._long

    def _take(self, count: int) -> tuple[Pcm, float]:
        out: list[Pcm] = []
        first_s = self._blocks[0][1]
        self._waiting -= count
        while count:
            pcm, at_s = self._blocks.popleft()
            if len(pcm) > count:
                self._blocks.appendleft((pcm[count:], at_s + count / self._rate_hz))
            out.append(pcm[:count])
            count -= len(out[-1])
        return np.concatenate(out), first_s
