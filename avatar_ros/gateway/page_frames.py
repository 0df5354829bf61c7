"""Binary frames of docs/web_protocol.md."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

import numpy as np

from ..core.arkit import ARKIT_COUNT
from ..core.arrays import Pcm
from ..core.enums import Layer
from ..core.rates import LISTENING_RATE_HZ
from ..core.types import Expression, SpeechChunk
from .refusal import RefusalError

VOICE, SPEECH_FACE, IDLE_FACE, MIC, MIC_OPUS, MIC_RTC = 1, 2, 3, 16, 17, 18
SENTENCE_END, TURN_END = 1, 2
LAST_FACE = 1
_VOICE = struct.Struct("<BBHIIIII")
_FACE = struct.Struct("<BBHIIIIId7f")
_MIC = struct.Struct("<BBHIIId")
_MOST_SENTENCE = 0xFFFF
_NO_SOUND = np.zeros(0, np.int16)
#: Sound in one frame of the microphone, s.
SHORTEST_S, LONGEST_S = 0.005, 0.5


#: What Opus and WebRTC count in, Hz.
WIDE_HZ = 48000
#: An Opus packet of one frame is never longer (RFC 6716, 3.4), bytes.
_LONGEST_PACKET = 1275


class MicFrame(NamedTuple):
    """Sound of the page's microphone. first_sample: since its stream began, at LISTENING_RATE_HZ; at_s: session time,
    NaN: unknown; kind: MIC, at that rate; MIC_RTC, heard by WebRTC, at WIDE_HZ; MIC_OPUS: `packet` is to be decoded to
    `samples` at LISTENING_RATE_HZ, late by `skip` samples at WIDE_HZ.
    """

    first_sample: int
    at_s: float
    pcm: Pcm
    kind: int = MIC
    packet: bytes = b""
    samples: int = 0
    skip: int = 0

    @property
    def length_s(self) -> float:
        return self.samples / LISTENING_RATE_HZ


def voice(seq: int, turn: int, chunk: SpeechChunk) -> bytes:
    """A piece of the avatar's voice."""
    flags = SENTENCE_END * chunk.sentence_end | TURN_END * chunk.turn_end
    sentence = min(chunk.sentence, _MOST_SENTENCE)
    pcm = chunk.pcm.astype("<i2", copy=False)
    head = _VOICE.pack(VOICE, flags, sentence, seq, turn, chunk.first_sample, chunk.sample_rate_hz, len(pcm))
    return head + pcm.tobytes()


def face(seq: int, turn: int, expression: Expression, at_s: float) -> bytes:
    """A face. at_s: session time that an idle one holds at."""
    speech = expression.layer is Layer.SPEECH
    head = _FACE.pack(
        SPEECH_FACE if speech else IDLE_FACE,
        LAST_FACE * expression.last,
        ARKIT_COUNT,
        seq,
        turn,
        max(0, expression.sample) if speech else 0,
        expression.sample_rate_hz if speech else 0,
        0,
        0.0 if speech else at_s,
        *expression.head_rotation,
        *expression.head_translation,
    )
    weights = np.round(np.clip(expression.weights, 0.0, 1.0) * 65535).astype("<u2")
    return head + weights.tobytes()


def read_mic(data: bytes) -> MicFrame:
    """A frame of the page, or what WebRTC brought of it. Raises RefusalError where it is none."""
    if len(data) < _MIC.size or data[0] not in (MIC, MIC_OPUS, MIC_RTC):
        raise RefusalError("bad_frame", "a binary frame that is no microphone sound")
    kind, _, skip, rate_hz, first_sample, count, at_s = _MIC.unpack_from(data)
    own_hz = WIDE_HZ if kind == MIC_RTC else LISTENING_RATE_HZ
    if rate_hz != own_hz:
        raise RefusalError("bad_frame", f"microphone sound at {rate_hz} Hz; {own_hz} Hz is taken")
    size = len(data) - _MIC.size
    fits = 0 < size <= _LONGEST_PACKET if kind == MIC_OPUS else size == 2 * count
    if not fits or not SHORTEST_S <= count / rate_hz <= LONGEST_S:
        raise RefusalError("bad_frame", f"{count} samples in {len(data)} bytes of microphone sound")
    at_s = at_s if math.isfinite(at_s) else math.nan
    if kind == MIC_OPUS:
        return MicFrame(first_sample, at_s, _NO_SOUND, kind, data[_MIC.size :], count, skip)
    pcm = np.frombuffer(data, "<i2", count, _MIC.size).astype(np.int16)
    return MicFrame(first_sample, at_s, pcm, kind, samples=count * LISTENING_RATE_HZ // rate_hz)


def mic(first_sample: int, at_s: float, pcm: Pcm, kind: int = MIC) -> bytes:
    """A frame as a page sends it; kind: MIC, or MIC_RTC of sound at WIDE_HZ."""
    rate_hz = WIDE_HZ if kind == MIC_RTC else LISTENING_RATE_HZ
    head = _MIC.pack(kind, 0, 0, rate_hz, first_sample, len(pcm), at_s)
    return head + pcm.astype("<i2", copy=False).tobytes()
