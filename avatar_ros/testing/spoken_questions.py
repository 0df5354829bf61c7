"""Questions as sound, for whoever has nobody to ask them: spoken by a voice of the kiosk, written as WAV files."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.arrays import Pcm
from ..core.stage import Out, Stage
from ..core.types import Sentence, SpeechChunk
from ..tts.base import TtsSettings
from ..tts.stage import build

RATE_HZ = 24000


def speak(texts: Sequence[str], backend: str = "espeak") -> list[Pcm]:
    """Each text as the TTS stage says it, int16 mono at RATE_HZ."""
    stage = build(TtsSettings(backend=backend))
    stage.load()
    sounds = [_say(stage, turn, text) for turn, text in enumerate(texts, 1)]
    stage.close()
    return sounds


def write_wav(path: Path, pcm: Pcm, rate_hz: int = RATE_HZ, before_s: float = 0.5, after_s: float = 1.5) -> Path:
    """A 16-bit mono WAV file with silence around the sound; its path. Raises OSError."""
    before, after = (np.zeros(int(seconds * rate_hz), np.int16) for seconds in (before_s, after_s))
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.concatenate([before, pcm, after]).astype("<i2").tobytes())
    return path


def _say(stage: Stage, turn: int, text: str) -> Pcm:
    now_s = 1000.0 * turn
    outs: list[Out] = list(stage.push("speech/sentence", Sentence(turn=turn, text=text, last=True), now_s))
    while not any(isinstance(m, SpeechChunk) and m.turn_end for _, m in outs):
        now_s += 0.1  # the stage paces itself by the time that it is told
        outs += stage.tick(now_s)
    return np.concatenate([m.pcm for _, m in outs if isinstance(m, SpeechChunk)])
