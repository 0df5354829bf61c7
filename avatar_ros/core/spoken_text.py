"""What was really said of a text whose sound was cut off: the words that were over by then."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: One unit that is either said or not: a character of a script without spaces, or a run of others.
_WIDE = r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff]"
_UNIT = re.compile(rf"\s*(?:{_WIDE}|(?:(?!{_WIDE})\S)+)")

#: How fast people speak: letters a second, and characters of wide scripts.
_CHARS_PER_S, _WIDE_CHARS_PER_S = 15.0, 4.5

#: A sentence counts as said in full from here on: clocks report in steps, and the end of a sentence is silence.
WHOLE = 0.98
#: Letters that float32 may lose of a word that is just over.
_ROUNDING = 0.01


def speakable(text: str) -> bool:
    """Whether there is anything to say: a letter or a digit of any script."""
    return any(character.isalnum() for character in text)


def usual_duration_s(text: str) -> float:
    """How long `text` usually takes to say, s."""
    wide = sum(ord(character) >= 0x2E80 for character in text)
    return wide / _WIDE_CHARS_PER_S + (len(text) - wide) / _CHARS_PER_S


def words_said(text: str, progress: float) -> str:
    """The words of `text` that were over when `progress` (0-1) of it had been heard."""
    if progress >= WHOLE:
        return text
    limit = progress * len(text) + _ROUNDING
    ends = [unit.end() for unit in _UNIT.finditer(text) if unit.end() <= limit]
    return text[: ends[-1]] if ends else ""


def text_said(sentences: Sequence[str], sentence: int, progress: float) -> str:
    """What was heard of a turn's sentences when the clock stood at `progress` of sentence number `sentence`."""
    parts = [*sentences[:sentence], *(words_said(text, progress) for text in sentences[sentence : sentence + 1])]
    return join_sentences(parts)


def join_sentences(parts: Sequence[str]) -> str:
    """Sentences as one text; a space between them where the script has spaces."""
    joined = ""
    for part in (part for part in parts if part):
        joined += part if not joined or re.match(_WIDE, joined[-1]) else " " + part
    return joined
