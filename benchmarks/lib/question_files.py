"""Spoken questions for measurements and tests: WAV files whose last speech sample is known."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.stage import Out, Stage
from avatar_ros.core.types import Sentence, SpeechChunk
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.stage import build

RATE_HZ = 24000
QUESTIONS = (
    "what is your name",
    "what time is it",
    "who made you",
    "how are you",
    "what can you do",
    "tell me a joke",
    "what day is it",
    "how do you work",
    "can you hear me",
    "thank you",
)


def question_files(folder: Path, count: int) -> list[Path]:
    """`count` WAV files, 24 kHz mono, each a question of the shipped answers file between silences."""
    texts = [QUESTIONS[i % len(QUESTIONS)] for i in range(count)]
    paths = [folder / f"question{i:03d}.wav" for i in range(count)]
    for path, pcm in zip(paths, speak(texts), strict=True):
        write_wav(path, pcm)
    return paths


def speak(texts: Sequence[str], backend: str = "espeak") -> list[Pcm]:
    """Each text as the TTS stage says it, int16 mono at RATE_HZ."""
    stage = build(TtsSettings(backend=backend))
    stage.load()
    sounds = [_say(stage, turn, text) for turn, text in enumerate(texts, 1)]
    stage.close()
    return sounds


def write_wav(path: Path, pcm: Pcm, rate_hz: int = RATE_HZ, before_s: float = 0.5, after_s: float = 1.5) -> Path:
    """A 16-bit mono WAV file with silence around the sound; its path."""
    before, after = (np.zeros(int(seconds * rate_hz), np.int16) for seconds in (before_s, after_s))
    with wave.open(str(path), "wb") as file:
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
