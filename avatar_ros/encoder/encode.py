"""Whole recordings: sound in, features out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import F32
from ..core.registry import NO_OPTIONS, Options
from ..core.types import Mark, SpeechChunk
from .base import ENCODER_BACKENDS, Encoder, EncoderSettings

_CHUNK_S = 0.04


def load_encoder(settings: EncoderSettings | None = None, own: Options = NO_OPTIONS) -> Encoder:
    """The backend that `settings` names, loaded; its options are in `own`."""
    settings = settings or EncoderSettings()
    encoder = ENCODER_BACKENDS.make(settings.backend, settings, own=own)
    encoder.load()
    return encoder


def encode(
    pcm: NDArray[np.int16],
    sample_rate_hz: int,
    text: str = "",
    marks: Sequence[Mark] = (),
    *,
    encoder: Encoder | None = None,
    locale: str = "",
) -> F32:
    """Features [ceil(seconds · rate_hz), dim] of a mono recording, made as a stage makes them: in chunks of 40 ms.

    text: what is said, where it is known; marks: its phones in samples of `pcm`; encoder: from load_encoder().
    """
    encoder = encoder or load_encoder()
    if text and not marks:
        encoder.expect(text, locale)
    stream = encoder.open(sample_rate_hz)
    size = max(1, round(_CHUNK_S * sample_rate_hz))
    pieces = []
    for first in range(0, len(pcm), size):
        chunk = SpeechChunk(first_sample=first, sample_rate_hz=sample_rate_hz, pcm=pcm[first : first + size])
        if first == 0:
            chunk = replace(chunk, text=text, marks=tuple(marks), locale=locale)
        pieces.append(stream.push(chunk))
    pieces.append(stream.finish())
    return np.concatenate(pieces)
