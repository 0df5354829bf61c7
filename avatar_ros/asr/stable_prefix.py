"""Words of a growing utterance that stay: those on which two decodes in a row agree (Liu et al., 2020: "local
agreement"; Macháček et al., "Turning Whisper into a real-time transcription system", 2023).
"""

from __future__ import annotations

_MARKS = ".,!?;:…。，！？、"


class StablePrefix:
    """Of one utterance."""

    def __init__(self) -> None:
        self._last: list[str] = []
        self._agreed: list[str] = []

    def take(self, text: str) -> str:
        """A new decode; the words that it begins with as the last one did. They never get fewer: what was agreed on
        is shown until the result says otherwise. Text without spaces is taken letter by letter.
        """
        units = _units(text)
        same = 0
        for one, other in zip(units, self._last, strict=False):
            if _bare(one) != _bare(other):
                break
            same += 1
        self._last = units
        if same > len(self._agreed):
            self._agreed = units[:same]
        return "".join(self._agreed).strip().rstrip(_MARKS)


def _units(text: str) -> list[str]:
    words = [f"{word} " for word in text.split()]
    return list(text) if len(words) == 1 and len(text) > 0 and not text.isascii() else words


def _bare(word: str) -> str:
    return word.lower().strip(_MARKS + " ")
