"""The encoder stage: speech/audio in, motion/features out; one stream per session and turn. What will be said is known
from speech/sentence before it sounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..core.arrays import F32
from ..core.enums import SessionKind
from ..core.errors import EncoderError
from ..core.events import Interrupt, SessionEvent
from ..core.registry import NO_OPTIONS, Options
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.topics import Message
from ..core.types import AudioFeatures, Sentence, SpeechChunk
from .base import ENCODER_BACKENDS, Encoder, EncoderSettings, TurnStream
from .reorder_buffer import Losses, ReorderBuffer
from .sources import check_rate

MIN_RATE_HZ, MAX_RATE_HZ = 8000, 192000
_NONE = (-1, -1)


@dataclass
class _Speech:
    """A turn that is being spoken. next_frame: of the stream."""

    stream: TurnStream
    order: ReorderBuffer
    rate_hz: int
    next_frame: int = 0


@dataclass
class _Turn:
    """The newest turn of one session. speech: None: no turn yet, or it is over."""

    key: tuple[int, int] = _NONE  # (epoch, turn)
    speech: _Speech | None = None


class EncoderStage(Stage):
    """Sees to the order of chunks, and gives the backend a stream without gaps."""

    def __init__(self, settings: EncoderSettings, encoder: Encoder) -> None:
        super().__init__()
        self._encoder = encoder
        self._turns: SessionTable[_Turn] = SessionTable(_Turn, settings.session_ttl_s)
        self._losses = Losses()

    def load(self) -> None:
        """Load the backend."""
        self._encoder.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Encode a chunk; the features it completes. A turn's first sentence is what the next sound will say."""
        # Later sentences come long before they are heard.
        if isinstance(message, Sentence) and message.index == 0 and self._is_news(message, now_s):
            self._encoder.expect(message.text, message.locale)
        if not isinstance(message, SpeechChunk):
            return
        turn = self._turns.get(message.session, now_s)
        key = (message.epoch, message.turn)
        if key < turn.key or (key == turn.key and turn.speech is None):
            self._losses.chunks += 1
            return
        if key > turn.key or turn.speech is None:
            turn.speech = self._open(message)
            turn.key = key
        yield from self._encode(turn, turn.speech, message)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL ends the turn's stream; what is late for it is dropped."""
        if order.action.ends_speech:
            turn = self._turns.get(order.session, now_s)
            if turn.key <= (order.epoch, order.turn):
                turn.key, turn.speech = (order.epoch, order.turn), None
        return ()

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Forget a closed session."""
        if event.kind is SessionKind.CLOSED:
            self._turns.drop(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """What the backend says, and what was lost on the way here."""
        out = dict(self._encoder.status())
        if self._losses.samples:
            out["lost_samples"] = str(self._losses.samples)
        if self._losses.chunks:
            out["late_chunks"] = str(self._losses.chunks)
        return out

    def close(self) -> None:
        """Free the backend."""
        self._encoder.close()

    def _is_news(self, sentence: Sentence, now_s: float) -> bool:
        return (sentence.epoch, sentence.turn) > self._turns.get(sentence.session, now_s).key

    def _open(self, chunk: SpeechChunk) -> _Speech:
        if not MIN_RATE_HZ <= chunk.sample_rate_hz <= MAX_RATE_HZ:
            raise EncoderError(
                "encoder_rate",
                f"speech at {chunk.sample_rate_hz} Hz cannot be encoded; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can",
            )
        order = ReorderBuffer(chunk, self._encoder.rate_hz, self._losses)
        return _Speech(self._encoder.open(chunk.sample_rate_hz), order, chunk.sample_rate_hz)

    def _encode(self, turn: _Turn, speech: _Speech, chunk: SpeechChunk) -> Iterable[Out]:
        check_rate(chunk.sample_rate_hz, speech.rate_hz)
        pieces = [speech.stream.push(part) for part in self._in_order(turn, speech, chunk)]
        if chunk.turn_end:
            pieces.append(speech.stream.finish())
            turn.speech = None
        data = np.concatenate(pieces) if pieces else np.zeros((0, self._encoder.dim), np.float32)
        if len(data) or chunk.turn_end:
            yield Out("motion/features", self._features(speech, chunk, data))

    def _in_order(self, turn: _Turn, speech: _Speech, chunk: SpeechChunk) -> list[SpeechChunk]:
        try:
            return speech.order.place(chunk)
        except EncoderError:
            if chunk.first_sample >= 0:  # the gap is said once; what follows it is met in the middle
                turn.speech = self._open(chunk)
            raise

    def _features(self, speech: _Speech, chunk: SpeechChunk, data: F32) -> AudioFeatures:
        first = speech.next_frame
        speech.next_frame += len(data)
        return AudioFeatures(
            session=chunk.session,
            epoch=chunk.epoch,
            turn=chunk.turn,
            first_sample=speech.order.sample_of(first),
            sample_rate_hz=speech.rate_hz,
            kind=self._encoder.kind,
            rate_hz=self._encoder.rate_hz,
            frames=len(data),
            dim=self._encoder.dim,
            data=np.ascontiguousarray(data, np.float32).reshape(-1),
            last=chunk.turn_end,
        )


def build(settings: EncoderSettings, own: Options = NO_OPTIONS) -> Stage:
    """The stage with the backend that `settings` names. Raises UnknownBackendError."""
    return EncoderStage(settings, ENCODER_BACKENDS.make(settings.backend, settings, own=own))
