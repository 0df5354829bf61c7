"""The chunks of one turn as a stream wants them: each sample once and in order, silence in place of what was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

import numpy as np

from ..core.errors import EncoderError
from ..core.types import Mark, SpeechChunk

#: Lost sound is replaced by silence up to this; a longer gap is a broken voice.
MAX_GAP_S = 30.0
_NO_PCM = np.zeros(0, np.int16)
_NO_SENTENCE = -1


@dataclass
class Losses:
    """What was lost on the way here, or came too late, over all turns."""

    samples: int = 0
    chunks: int = 0


class ReorderBuffer:
    """Counts from the frame that holds the first sample it sees: who comes in the middle of a turn (the node was
    started anew) neither waits for what was before nor makes it up.
    """

    def __init__(self, chunk: SpeechChunk, frame_rate_hz: float, losses: Losses) -> None:
        """chunk: the turn's first one that is seen; frame_rate_hz: of the frames that the stream gives."""
        self._rate_hz, self._frame_rate_hz = chunk.sample_rate_hz, frame_rate_hz
        self._losses = losses
        #: The turn's frame that is the stream's frame 0.
        self.first_frame = floor(max(0, chunk.first_sample) * frame_rate_hz / self._rate_hz + 1e-9)
        self._origin = self.sample_of(0)
        self._next_sample = self._origin
        self._sentence = _NO_SENTENCE

    def sample_of(self, frame: int) -> int:
        """The turn's sample at which the stream's `frame` stands."""
        return round((self.first_frame + frame) * self._rate_hz / self._frame_rate_hz)

    def place(self, chunk: SpeechChunk) -> list[SpeechChunk]:
        """The chunk, without what was heard already, after silence in place of what was lost. Raises EncoderError."""
        gap = chunk.first_sample - self._next_sample if len(chunk.pcm) else 0
        if gap > MAX_GAP_S * self._rate_hz or chunk.first_sample < 0:
            raise EncoderError(
                "encoder_gap",
                f"chunk at sample {chunk.first_sample} of turn {chunk.turn}, {self._next_sample} was expected",
            )
        fresh = chunk.pcm[max(0, -gap) :]
        if not len(fresh) and (gap < 0 or chunk.sentence < self._sentence):
            return self._late(chunk)
        out = [self._silence(chunk, gap)] if gap > 0 else []
        self._losses.chunks += gap < 0
        self._next_sample += len(fresh) + max(0, gap)
        self._sentence = chunk.sentence
        return [*out, replace(chunk, pcm=fresh, marks=self._counted(chunk.marks))]

    def _late(self, chunk: SpeechChunk) -> list[SpeechChunk]:
        """Only marks of the sentence that is being heard are still of use: it must neither end nor begin anew."""
        self._losses.chunks += 1
        if not chunk.marks or chunk.sentence != self._sentence:
            return []
        marks = self._counted(chunk.marks)
        return [replace(chunk, pcm=_NO_PCM, text="", marks=marks, sentence_end=False, turn_end=False)]

    def _silence(self, chunk: SpeechChunk, samples: int) -> SpeechChunk:
        """Part of the sentence before: the next one begins with its own sound, which brings its text."""
        self._losses.samples += samples
        return SpeechChunk(
            session=chunk.session, epoch=chunk.epoch, turn=chunk.turn, sentence=self._sentence,
            first_sample=self._next_sample, sample_rate_hz=self._rate_hz, pcm=np.zeros(samples, np.int16),
        )  # fmt: skip

    def _counted(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Marks in samples of the stream."""
        if not self._origin:
            return marks
        start = self._origin
        return tuple(replace(m, start_sample=m.start_sample - start, end_sample=m.end_sample - start) for m in marks)
