"""Spoken questions for measurements: WAV files whose last speech sample is known."""

from __future__ import annotations

from pathlib import Path

from avatar_ros.testing.spoken_questions import RATE_HZ, speak, write_wav

__all__ = ["QUESTIONS", "RATE_HZ", "question_files", "speak", "write_wav"]

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
