"""The sound of one turn, waiting to be played; gaps filled, what comes twice dropped."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..audio.sentence_progress import SentenceProgress
from ..core.arrays import Pcm
from ..core.errors import SpeakerError
from ..core.types import SpeechChunk

#: Lost sound is replaced by silence up to this; after more, playing goes on with what came.
MAX_GAP_S = 2.0
#: Nobody sends that far ahead; what does is broken.
MAX_WAITING_S = 180.0


class TurnBuffer:
    """Samples in order. next_sample: the next to be played; lost: samples that never came."""

    def __init__(self, key: tuple[int, int], rate_hz: int) -> None:
        self.key = key
        self.next_sample = 0
        self.complete = False  # turn_end has come
        self.lost = self.doubled = 0
        self.sentence_complete = False
        self._rate_hz = rate_hz
        self._end = -1  # end of what has come; -1: nothing yet
        self._pieces: deque[Pcm] = deque()
        self._spans: dict[int, SentenceProgress] = {}

    def put(self, chunk: SpeechChunk) -> None:
        """Take a chunk. Raises SpeakerError for more than can be waiting."""
        if self._end < 0:
            # A speaker that was started in the middle of a turn goes on from where it came in.
            self._end = self.next_sample = chunk.first_sample
        fresh = self._fresh(chunk)
        self._note(chunk)
        if self._end + len(fresh) - self.next_sample > MAX_WAITING_S * self._rate_hz:
            raise SpeakerError("speaker_overflow", f"more than {MAX_WAITING_S:.0f} s of sound wait to be played")
        if len(fresh):
            self._pieces.append(fresh)
            self._end += len(fresh)
        self.sentence_complete = chunk.sentence_end
        self.complete = self.complete or chunk.turn_end

    @property
    def waiting(self) -> int:
        """Samples that can be taken."""
        return max(0, self._end - self.next_sample)

    def take(self, count: int) -> Pcm:
        """The next `count` samples, or as many as there are."""
        out: list[Pcm] = []
        while count and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
            out.append(piece[:count])
            count -= len(out[-1])
            self.next_sample += len(out[-1])
        return np.concatenate(out) if out else np.zeros(0, np.int16)

    def progress(self, sample: int) -> tuple[int, float]:
        """(sentence that is heard at `sample`, share of its text that was heard by then: 0-1)."""
        begun = [index for index, span in self._spans.items() if span.start <= sample]
        if not begun:
            return (min(self._spans, default=0), 0.0)
        index = max(begun)
        return index, self._spans[index].progress(sample)

    def _fresh(self, chunk: SpeechChunk) -> Pcm:
        """What of the chunk was not here before, after silence in place of what was lost."""
        gap = chunk.first_sample - self._end
        if gap < 0:
            self.doubled += min(-gap, len(chunk.pcm))
            return chunk.pcm[-gap:]
        if not gap or not len(chunk.pcm):
            return chunk.pcm
        self.lost += gap
        silence = min(gap, round(MAX_GAP_S * self._rate_hz))
        skipped = gap - silence
        if skipped:
            self._skip(skipped)
        return np.concatenate([np.zeros(silence, np.int16), chunk.pcm])

    def _skip(self, count: int) -> None:
        # A hole too long to sit through: the count jumps where the hole begins.
        self._end += count
        self.next_sample += count

    def _note(self, chunk: SpeechChunk) -> None:
        if chunk.sentence not in self._spans:
            self._spans[chunk.sentence] = SentenceProgress(chunk.first_sample, self._rate_hz)
        self._spans[chunk.sentence].add(chunk)
