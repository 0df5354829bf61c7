"""Sentences that a recogniser says twice: Whisper, given a short sound, may not find its end and begins again."""

from __future__ import annotations

import re

#: A shorter sentence may well be said twice: "No. No, thank you." Letters count in a script without spaces.
_FEWEST_WORDS, _FEWEST_LETTERS = 3, 5
_SENTENCE = re.compile(r"[^.!?。！？।؟]*[.!?。！？।؟]+|[^.!?。！？।؟]+$")
#: Without punctuation: this many times the same words in a row are no speech.
_MOST_ROUNDS = 4


def repeats(text: str) -> bool:
    """Whether a sentence of three words and more follows itself, or the same few words come again and again."""
    return without_repeats(text) != text


def without_repeats(text: str) -> str:
    """The text with each such sentence once; after a loop of words, their first round.

    >>> without_repeats("Is it far? Is it far? No.")
    'Is it far? No.'
    """
    kept: list[str] = []
    for sentence in (part.strip() for part in _SENTENCE.findall(text)):
        if not (kept and _bare(sentence) == _bare(kept[-1]) and _is_long(_bare(sentence))):
            kept.append(sentence)
    collapsed = " ".join(kept) if len(kept) < len(_SENTENCE.findall(text)) else text
    return _first_round(collapsed)


def _first_round(text: str) -> str:
    """Cut where 1 to 12 words come more often in a row than anybody says them."""
    words = text.split()
    bare = [word.lower().strip(".,!?") for word in words]
    for size in range(1, 13):
        for first in range(len(bare) - size * _MOST_ROUNDS + 1):
            block = bare[first : first + size]
            if all(bare[first + r * size : first + (r + 1) * size] == block for r in range(1, _MOST_ROUNDS + 1)):
                return " ".join(words[: first + size])
    return text


def _is_long(words: list[str]) -> bool:
    letters = "".join(words)
    return len(words) >= _FEWEST_WORDS or (not letters.isascii() and len(letters) >= _FEWEST_LETTERS)


def _bare(sentence: str) -> list[str]:
    return re.findall(r"[^\W_]+", sentence.lower())
