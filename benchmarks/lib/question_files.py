"""Spoken questions for measurements: WAV files whose last speech sample is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avatar_ros.testing.spoken_questions import RATE_HZ, speak, write_wav

__all__ = ["FREE_QUESTIONS", "QUESTIONS", "RATE_HZ", "question_files", "speak", "write_wav"]

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
#: In words that stand in no file.
FREE_QUESTIONS = (
    "my bladder is bursting where should i go",
    "what would a family of four have to pay to get in",
    "i came by car where on earth can i leave it",
    "which company came up with you in the first place",
    "i would kill for a cappuccino right now",
    "does anybody listen to the things i tell you",
    "my wheelchair will not go up those steps",
    "should i have brought my rain jacket today",
    "when do they throw people out in the evening",
    "my phone cannot find any network in this place",
)


def question_files(
    folder: Path, count: int, questions: Sequence[str] = QUESTIONS, voice: str = "espeak"
) -> list[Path]:
    """`count` WAV files, 24 kHz mono, each one of the questions between silences. voice: a backend of tts_node."""
    texts = [questions[i % len(questions)] for i in range(count)]
    paths = [folder / f"question{i:03d}.wav" for i in range(count)]
    for path, pcm in zip(paths, speak(texts, voice), strict=True):
        write_wav(path, pcm)
    return paths
