"""Backend `phones`: phone probabilities at 100 Hz, sentence by sentence from the best source there is.

1. the voice's own phone marks; 2. the sentence's text aligned to its sound; 3. phones recognised in the sound alone
(aligner.py, network_source.py; listener_factory.py chooses).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..core.arrays import F32
from ..core.enums import MarkKind
from ..core.types import SpeechChunk
from ..speech.g2p_espeak import EspeakG2p
from ..speech.loudness import FrameLoudness, LoudnessMeter
from ..speech.phones import LOUDNESS, PHONE_COUNT, PHONE_DIM, PHONE_KIND, PHONE_RATE_HZ
from .base import EncoderSettings
from .listener_factory import ListenerFactory, prepare
from .mark_frames import Stretch, stretches
from .phone_settings import PhoneSettings
from .sources import FrameGrid, MarkSource, PhoneSource, check_rate

#: Stretches that ended this long before the newest frame are forgotten.
_KEEP_S = 1.0


class PhoneEncoder:
    """Makes PhoneStreams and counts what they could not read."""

    kind = PHONE_KIND
    dim = PHONE_DIM
    rate_hz = PHONE_RATE_HZ

    def __init__(self, settings: EncoderSettings, own: PhoneSettings) -> None:
        self._own = own
        self._listeners = ListenerFactory()
        self._g2p = EspeakG2p()
        self.meter = LoudnessMeter()  # one voice speaks all turns
        self.unknown_marks: dict[str, int] = {}
        self.has_marks = False  # the voice of the last sentence gave phone marks, so the next one most likely will

    def load(self) -> None:
        """Load what recognises sentences without marks, and run it. The voice is unknown again. Raises ConfigError."""
        self.meter, self.has_marks = LoudnessMeter(), False
        self._listeners = prepare(self._own, self._g2p)

    def expect(self, text: str, locale: str) -> None:
        """Have the text's pronunciation ready, unless the voice tells its phones itself."""
        if self._own.use_text and not (self.has_marks and self._own.use_marks):
            self._listeners.expect(text, locale)

    def open(self, sample_rate_hz: int) -> PhoneStream:
        """A stream for one turn's speech."""
        return PhoneStream(self, sample_rate_hz)

    def source(self, grid: FrameGrid, text: str, locale: str) -> PhoneSource:
        """A source for a sentence that has no marks."""
        return self._listeners.listen(grid, text if self._own.use_text else "", locale)

    @property
    def use_marks(self) -> bool:
        return self._own.use_marks

    def status(self) -> Mapping[str, str]:
        """Unknown phone names, and what is missing."""
        warning = "; ".join(filter(None, (self._listeners.warning, self._g2p.warning)))
        out = {"warning": warning} if warning else {}
        if self.unknown_marks:
            names = " ".join(sorted(self.unknown_marks)[:8])
            out["unknown_phones"] = f"{sum(self.unknown_marks.values())} ({names})"
        return out

    def close(self) -> None:
        """Free the models."""
        self._listeners = ListenerFactory()
        self._g2p.close()


class PhoneStream:
    """One turn. A sentence's source is chosen with its first sound; marks that come later take over from there."""

    def __init__(self, encoder: PhoneEncoder, sample_rate_hz: int) -> None:
        self._encoder = encoder
        self._rate_hz = sample_rate_hz
        self._parts: list[Stretch] = []
        self._marked: set[int] = set()
        self._source: PhoneSource | None = None
        self._sentence = -1
        self._text, self._locale = "", ""
        self._end_sample = 0
        self._loudness = FrameLoudness(encoder.meter, sample_rate_hz)

    def push(self, chunk: SpeechChunk) -> F32:
        """Frames [T, PHONE_DIM] that this chunk completes."""
        check_rate(chunk.sample_rate_hz, self._rate_hz)
        out = [self._begin(chunk)] if chunk.sentence != self._sentence else []
        self._text, self._locale = chunk.text or self._text, chunk.locale or self._locale
        out.append(self._read_marks(chunk))
        if len(chunk.pcm):
            out.append(self._encode(chunk))
        if chunk.sentence_end or chunk.turn_end:
            out.append(self._end_source())
            self._text = ""  # it was heard: what may still come in this sentence's place is silence
        return self._with_loudness(out)

    def finish(self) -> F32:
        """Frames up to the last sample."""
        return self._with_loudness([self._end_source()])

    def _begin(self, chunk: SpeechChunk) -> F32:
        self._sentence = chunk.sentence
        self._text, self._locale = "", ""
        return self._end_source()

    def _read_marks(self, chunk: SpeechChunk) -> F32:
        if not self._encoder.use_marks or not any(m.kind is MarkKind.PHONE for m in chunk.marks):
            return _no_frames()
        parts, unknown = stretches(chunk.marks, self._rate_hz)
        for name in unknown:
            self._encoder.unknown_marks[name] = self._encoder.unknown_marks.get(name, 0) + 1
        self._parts.extend(parts)
        late = self._source is not None and chunk.sentence not in self._marked
        self._marked.add(chunk.sentence)
        return self._end_source() if late else _no_frames()

    def _encode(self, chunk: SpeechChunk) -> F32:
        if self._source is None:
            grid = FrameGrid(self._end_sample, self._rate_hz)
            marked = self._encoder.has_marks = chunk.sentence in self._marked
            self._source = (
                MarkSource(grid, self._parts) if marked else self._encoder.source(grid, self._text, self._locale)
            )
        self._end_sample += len(chunk.pcm)
        self._loudness.add(chunk.pcm)
        return self._source.push(chunk.pcm)

    def _end_source(self) -> F32:
        source, self._source = self._source, None
        return source.finish() if source is not None else _no_frames()

    def _with_loudness(self, pieces: list[F32]) -> F32:
        phones = np.concatenate(pieces)
        out = np.empty((len(phones), PHONE_DIM), np.float32)
        out[:, :PHONE_COUNT] = phones
        out[:, LOUDNESS] = self._loudness.take(len(phones))
        oldest_s = self._loudness.next_frame / PHONE_RATE_HZ - _KEEP_S
        self._parts[:] = [part for part in self._parts if part[2] >= oldest_s]
        return out


def _no_frames() -> F32:
    return np.zeros((0, PHONE_COUNT), np.float32)
