"""One sentence on its way from text to sound at the session's rate, with its marks in samples of the turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import soxr

from ..core.arrays import Pcm
from ..core.errors import TtsError
from ..core.levels import is_audible
from ..core.types import Mark, Sentence
from .base import Part, VoiceMark
from .synthesis_job import SynthesisJob

#: Voices speak between 8 and 48 kHz; anything else is not sound.
MIN_RATE_HZ, MAX_RATE_HZ = 4000, 192000


class SpokenSentence:
    """The sound of one sentence. `announce` fixes where it begins in the turn, before it is taken.

    Sound is resampled in one stream and closed by silence, so the next sentence joins without a seam and the
    sentence's length is exact: round(seconds * rate). soxr compensates its own delay, so marks stay true.
    """

    def __init__(
        self,
        sentence: Sentence,
        parts: list[str],
        synthesize: Callable[[str], SynthesisJob],
        rate_hz: int,
        silence_s: float,
    ) -> None:
        self.sentence = sentence
        self.text = " ".join(parts)
        self._waiting = deque(parts)
        self._synthesize = synthesize
        self._rate_hz = rate_hz
        self._silence = np.zeros(round(silence_s * rate_hz) if parts else 0, np.int16)
        self._job: SynthesisJob | None = None
        self._joiner = _Joiner(rate_hz)
        self._marks: list[VoiceMark] = []
        self._pieces: deque[Pcm] = deque()
        self._ready = 0
        self._first_sample = 0
        self.synthesized = not parts
        self.announced = False
        self.fault_sent = False  # that it will not be heard to its end
        self.voiced_s = 0.0  # what the voice gave since it was first heard

    def announce(self, first_sample: int) -> None:
        """The sentence's sound is sent from now on, and begins at this sample of the turn."""
        self._first_sample = first_sample
        self.announced = True

    def begin(self) -> None:
        """Let the voice start, without waiting for it."""
        if self._job is None and self._waiting:
            self._job = self._synthesize(self._waiting.popleft())

    def work(self, enough: int) -> None:
        """Synthesize until `enough` samples are ready, or all, or the voice makes us wait. Raises TtsError."""
        while self._ready < enough and not self.synthesized:
            self.begin()
            assert self._job is not None  # a sentence that is not synthesized has a job or parts that wait
            part = self._job.poll()
            if part is not None:
                self._take(part)
            elif self._job.done:
                self._end_part()
            else:
                return

    def give_up(self) -> None:
        """The voice failed: what came so far is all."""
        self.cancel()
        self._waiting.clear()
        self._end_part()

    def skip(self) -> None:
        """The part at hand cannot be spoken: what came of it is all."""
        self.cancel()
        self._end_part()

    def cancel(self) -> None:
        """Stop the voice."""
        if self._job is not None:
            self._job.cancel()

    @property
    def ready(self) -> int:
        """Samples that can be taken now."""
        return self._ready

    def take(self, count: int) -> Pcm:
        """Up to `count` samples in order."""
        out: list[Pcm] = []
        while count and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
            out.append(piece[:count])
            count -= len(out[-1])
            self._ready -= len(out[-1])
        return np.concatenate(out) if out else np.zeros(0, np.int16)

    def take_marks(self) -> tuple[Mark, ...]:
        """Marks that are known now and were not taken yet."""
        marks, self._marks = self._marks, []
        return tuple(self._placed(mark) for mark in marks)

    def _placed(self, mark: VoiceMark) -> Mark:
        start = self._first_sample + round(mark.start_s * self._rate_hz)
        return Mark(mark.kind, mark.text, start, self._first_sample + round(mark.end_s * self._rate_hz))

    def _take(self, part: Part) -> None:
        offset_s = self._joiner.part_start_s
        self._marks += [mark.shifted(offset_s) for mark in part.marks]
        if self.voiced_s or is_audible(part.pcm):
            self.voiced_s += len(part.pcm) / part.sample_rate_hz
        self._keep(self._joiner.push(part))

    def _end_part(self) -> None:
        self._job = None
        self._keep(self._joiner.end_part())
        if not self._waiting:
            self._keep(self._silence)
            self.synthesized = True

    def _keep(self, pcm: Pcm) -> None:
        if len(pcm):
            self._pieces.append(pcm)
            self._ready += len(pcm)


class _Joiner:
    """Parts of any rate as one sound of one rate; each utterance of a part takes exactly round(seconds * rate)."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._given = self._taken = 0  # samples of the open stream, at our rate and at the voice's
        self._closed = 0  # samples of the streams before it
        self._in_rate_hz = 0
        self._stream: soxr.ResampleStream | None = None
        self.part_start_s = 0.0

    def push(self, part: Part) -> Pcm:
        """Take sound; what is ready at our rate."""
        before = self.end_stream() if self._in_rate_hz not in (0, part.sample_rate_hz) else _nothing()
        if self._in_rate_hz == 0:
            self._open(part.sample_rate_hz)
        self._taken += len(part.pcm)
        fresh = part.pcm if self._stream is None else self._stream.resample_chunk(part.pcm)
        self._given += len(fresh)
        return np.concatenate([before, fresh]) if len(before) else np.asarray(fresh, np.int16)

    def end_part(self) -> Pcm:
        """The utterance is over: what is left of it. Marks of the next one count from here."""
        rest = self.end_stream()
        self.part_start_s = self._total_s
        return rest

    def end_stream(self) -> Pcm:
        if self._in_rate_hz == 0:
            return _nothing()
        rest = _nothing()
        if self._stream is not None:
            rest = np.asarray(self._stream.resample_chunk(_nothing(), last=True), np.int16)
        missing = round(self._taken * self._rate_hz / self._in_rate_hz) - self._given - len(rest)
        rest = np.pad(rest, (0, missing)) if missing > 0 else rest[: len(rest) + missing]
        self._closed += self._given + len(rest)
        self._in_rate_hz = 0
        return rest

    @property
    def _total_s(self) -> float:
        return self._closed / self._rate_hz

    def _open(self, in_rate_hz: int) -> None:
        self._in_rate_hz, self._taken, self._given = in_rate_hz, 0, 0
        same = in_rate_hz == self._rate_hz
        self._stream = None if same else soxr.ResampleStream(in_rate_hz, self._rate_hz, 1, dtype="int16")


def _nothing() -> Pcm:
    return np.zeros(0, np.int16)


def checked(parts: Iterator[Part]) -> Iterator[Part]:
    """`parts`, refusing rates that no voice has. Raises TtsError."""
    for part in parts:
        if not MIN_RATE_HZ <= part.sample_rate_hz <= MAX_RATE_HZ:
            raise TtsError("tts_rate", f"the voice gave sound at {part.sample_rate_hz} Hz, which is no rate of speech")
        yield part
