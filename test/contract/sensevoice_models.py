"""Folders with small models for the sensevoice backends; torch is imported only where one is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatar_ros.asr.decode_budget import DecodeBudget
from avatar_ros.asr.utterance_decoder import UtteranceDecoder
from avatar_ros.core.clock import VirtualClock

BACKENDS = ("sensevoice", "sensevoice_sherpa")
BLOCK = 512


def make(folder: Path, lessons: Sequence[tuple[np.ndarray, str]], always: Sequence[str] = ()) -> dict[str, Path]:
    """The same small model for each backend. lessons, always: see tiny_sensevoice; sounds as the microphone gives them.

    Skips the test where a library is not installed.
    """
    from contract.tiny_sensevoice import TinySenseVoice

    folders = {name: folder / name for name in BACKENDS}
    tiny = TinySenseVoice(folders["sensevoice"], [(as_decoded(pcm), rich) for pcm, rich in lessons])
    if always:
        tiny.always(always)
        tiny.save()
    tiny.export_onnx(folders["sensevoice_sherpa"])
    return folders


def as_decoded(pcm: np.ndarray) -> np.ndarray:
    """The part of an utterance that the final result is made of."""
    decoded: list[np.ndarray] = []

    def decode(part: np.ndarray) -> tuple[str, float]:
        decoded.append(part)
        return "", 0.0

    stream = UtteranceDecoder(decode, DecodeBudget(0.0), VirtualClock(), "en-US", 0.0)
    for first in range(0, len(pcm), BLOCK):
        stream.accept(pcm[first : first + BLOCK])
    stream.finish()
    return decoded[-1]
