"""Sound of services as it streams in: raw samples, WAV or mp3, told apart by how it begins."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from ..core.arrays import Pcm
from ..core.errors import TtsError
from .base import Part

_WAV_HEAD = 44
#: A silent frame of MPEG-2 layer III as Edge sends it: 24 kHz, mono, 48 kbit/s (ISO/IEC 13818-3, 2.4.2.3).
_SILENT_FRAME = bytes.fromhex("fff364c4") + bytes(140)


def decode(pieces: Iterable[bytes], raw_rate_hz: int) -> Iterator[Part]:
    """Parts in order. raw_rate_hz: rate of sound without any header (int16 little endian mono). Raises TtsError."""
    stream = iter(pieces)
    head = b""
    while len(head) < 12 and (piece := next(stream, b"")):
        head += piece
    rest = chain([head], stream)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wav(rest)
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return mp3(rest)
    if head[:1] in (b"{", b"<"):
        # not shown: it may quote the key
        raise TtsError("tts_reply", "the service sent text instead of sound; check url and model", retryable=True)
    return _raw(rest, raw_rate_hz)


def _raw(pieces: Iterable[bytes], rate_hz: int) -> Iterator[Part]:
    odd = b""
    for piece in pieces:
        data = odd + piece
        even = len(data) // 2 * 2
        odd = data[even:]
        if even:
            yield Part(np.frombuffer(data[:even], "<i2").astype(np.int16), rate_hz)


def _wav(pieces: Iterable[bytes]) -> Iterator[Part]:
    """A WAV stream with the usual header of 44 bytes, int16 mono."""
    stream, head = iter(pieces), b""
    while len(head) < _WAV_HEAD and (piece := next(stream, b"")):
        head += piece
    if len(head) < _WAV_HEAD or head[12:16] != b"fmt ":
        raise TtsError("tts_reply", "the service sent a damaged WAV", retryable=True)
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", head, 20)
    if (tag, channels, bits) != (1, 1, 16) or head[36:40] != b"data":
        raise TtsError("tts_reply", f"the service sent a WAV of {channels} channels and {bits} bits; 1 and 16 are read")
    yield from _raw(chain([head[_WAV_HEAD:]], stream), rate_hz)


def warm_mp3() -> None:
    """Load the decoder and run it once; the first sentence must not pay for that."""
    for _ in mp3([_SILENT_FRAME * 4]):
        continue


def mp3(pieces: Iterable[bytes]) -> Iterator[Part]:
    """mp3, frame by frame, through PyAV. Raises TtsError for what is no mp3."""
    av = _decoder()
    codec = av.CodecContext.create("mp3", "r")
    try:
        for piece in pieces:
            for packet in codec.parse(piece):
                yield from (Part(_mono(frame), frame.sample_rate) for frame in codec.decode(packet))
        for packet in codec.parse(b""):
            yield from (Part(_mono(frame), frame.sample_rate) for frame in codec.decode(packet))
        yield from (Part(_mono(frame), frame.sample_rate) for frame in codec.decode(None))
    except av.FFmpegError as error:
        raise TtsError("tts_reply", f"the service sent a damaged mp3: {error}", retryable=True) from error


def _decoder() -> Any:
    try:
        import av
    except ImportError as error:
        text = "the service sent mp3, and PyAV, which decodes it, is missing; install it with: pip install av"
        raise TtsError("tts_decoder", text) from error
    return av


def _mono(frame: object) -> Pcm:
    samples = np.atleast_2d(frame.to_ndarray())  # type: ignore[attr-defined]
    mono = samples.mean(axis=0) if samples.shape[0] > 1 else samples[0]
    if samples.dtype.kind == "f":
        mono = np.clip(mono, -1, 1) * 32767
    return np.round(mono).astype(np.int16)
