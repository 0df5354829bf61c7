"""The encoder stage: speech/audio in, motion/features out; one stream per session and turn. What will be said is known
from speech/sentence before it sounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..core.errors import EncoderError
from ..core.sessions import SessionTable
from ..core.stage import Out, Stage
from ..core.types import (
    AudioFeatures,
    Interrupt,
    InterruptAction,
    Message,
    Sentence,
    SessionEvent,
    SessionKind,
    SpeechChunk,
)
from .base import ENCODER_BACKENDS, Encoder, EncoderSettings, TurnStream

F32 = NDArray[np.float32]
#: Lost sound is replaced by silence up to this; a longer gap is a broken voice.
MAX_GAP_S = 30.0
MIN_RATE_HZ, MAX_RATE_HZ = 8000, 192000
_NONE = (-1, -1)


@dataclass
class _Turn:
    """What is known of the turn that is being spoken in one session."""

    key: tuple[int, int] = _NONE  # (epoch, turn)
    stream: TurnStream | None = None  # None: no turn yet, or it is over
    rate_hz: int = 0
    next_sample: int = 0
    next_frame: int = 0


class EncoderStage(Stage):
    """Sees to the order of chunks, and gives the backend a stream without gaps."""

    def __init__(self, settings: EncoderSettings, encoder: Encoder) -> None:
        super().__init__()
        self._encoder = encoder
        self._turns: SessionTable[_Turn] = SessionTable(_Turn, settings.session_ttl_s)
        self._lost_samples = 0
        self._late_chunks = 0

    def load(self) -> None:
        """Load the backend."""
        self._encoder.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Encode a chunk; the features it completes. A turn's first sentence is what the next sound will say."""
        if isinstance(message, Sentence) and message.index == 0:  # later ones come long before they are heard
            self._encoder.expect(message.text, message.locale)
        if not isinstance(message, SpeechChunk):
            return
        turn = self._turns.get(message.session, now_s)
        key = (message.epoch, message.turn)
        if key < turn.key or (key == turn.key and turn.stream is None):
            self._late_chunks += 1
            return
        if key > turn.key:
            self._open(turn, key, message)
        yield from self._encode(turn, message)

    def interrupt(self, order: Interrupt, now_s: float) -> Iterable[Out]:
        """CANCEL ends the turn's stream; what is late for it is dropped."""
        if order.action is InterruptAction.CANCEL:
            turn = self._turns.get(order.session, now_s)
            if turn.key <= (order.epoch, order.turn):
                turn.key, turn.stream = (order.epoch, order.turn), None
        return ()

    def session(self, event: SessionEvent, now_s: float) -> Iterable[Out]:
        """Forget a closed session."""
        if event.kind is SessionKind.CLOSED:
            self._turns.drop(event.session)
        return ()

    def status(self) -> Mapping[str, str]:
        """What the backend says, and what was lost on the way here."""
        out = dict(self._encoder.status())
        if self._lost_samples:
            out["lost_samples"] = str(self._lost_samples)
        if self._late_chunks:
            out["late_chunks"] = str(self._late_chunks)
        return out

    def close(self) -> None:
        """Free the backend."""
        self._encoder.close()

    def _open(self, turn: _Turn, key: tuple[int, int], chunk: SpeechChunk) -> None:
        if not MIN_RATE_HZ <= chunk.sample_rate_hz <= MAX_RATE_HZ:
            raise EncoderError(
                "encoder_rate",
                f"speech at {chunk.sample_rate_hz} Hz cannot be encoded; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can",
            )
        turn.key, turn.rate_hz = key, chunk.sample_rate_hz
        turn.stream = self._encoder.open(chunk.sample_rate_hz)
        turn.next_sample = turn.next_frame = 0

    def _encode(self, turn: _Turn, chunk: SpeechChunk) -> Iterable[Out]:
        if turn.stream is None:
            return
        if chunk.sample_rate_hz != turn.rate_hz:
            raise EncoderError(
                "encoder_rate", f"speech changed from {turn.rate_hz} to {chunk.sample_rate_hz} Hz within a turn"
            )
        pieces = [turn.stream.push(part) for part in self._in_order(turn, chunk)]
        if chunk.turn_end:
            pieces.append(turn.stream.finish())
            turn.stream = None
        data = np.concatenate(pieces) if pieces else np.zeros((0, self._encoder.dim), np.float32)
        if len(data) or chunk.turn_end:
            yield Out("motion/features", self._features(turn, chunk, data))

    def _in_order(self, turn: _Turn, chunk: SpeechChunk) -> list[SpeechChunk]:
        """The chunk, without what was heard already, after silence in place of what was lost."""
        if not len(chunk.pcm):
            return [chunk]
        gap = chunk.first_sample - turn.next_sample
        if gap > MAX_GAP_S * turn.rate_hz or chunk.first_sample < 0:
            raise EncoderError(
                "encoder_gap",
                f"chunk at sample {chunk.first_sample} of turn {chunk.turn}, {turn.next_sample} was expected",
            )
        out = []
        if gap > 0:
            self._lost_samples += gap
            silence = np.zeros(gap, np.int16)
            out.append(replace(chunk, pcm=silence, marks=(), text="", sentence_end=False, turn_end=False))
            turn.next_sample += gap
        elif gap < 0:
            self._late_chunks += 1
        fresh = chunk.pcm[max(0, -gap) :]
        turn.next_sample += len(fresh)
        out.append(replace(chunk, pcm=fresh))
        return out

    def _features(self, turn: _Turn, chunk: SpeechChunk, data: F32) -> AudioFeatures:
        first = turn.next_frame
        turn.next_frame += len(data)
        return AudioFeatures(
            session=chunk.session,
            epoch=chunk.epoch,
            turn=chunk.turn,
            first_sample=round(first * turn.rate_hz / self._encoder.rate_hz),
            sample_rate_hz=turn.rate_hz,
            kind=self._encoder.kind,
            rate_hz=self._encoder.rate_hz,
            frames=len(data),
            dim=self._encoder.dim,
            data=np.ascontiguousarray(data, np.float32).reshape(-1),
            last=chunk.turn_end,
        )


def build(settings: EncoderSettings) -> Stage:
    """The stage with the backend that `settings` names. Raises UnknownBackendError."""
    return EncoderStage(settings, ENCODER_BACKENDS.load(settings.backend)(settings))
