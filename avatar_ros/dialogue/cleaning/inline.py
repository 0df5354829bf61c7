"""What the steps of markup.py share: what came before decides what a character means."""

from __future__ import annotations

from .marks import GONE, UNSEEN
from .scanner import Scanner


class Inline(Scanner):
    """Knows the character before, and whether a sentence has just ended; both as they were given out."""

    def __init__(self) -> None:
        super().__init__()
        self._before = "\n"
        self._sentence_end = True

    def _give(self, words: str, out: list[str], end: int) -> int:
        """Give `words` out and go on at `end`."""
        out.append(words)
        seen = words.translate(UNSEEN)
        if seen:
            self._before = seen[-1]
        if core := seen.rstrip(" \t\"'”’)»"):
            self._sentence_end = core[-1] in ".!?…。！？:\n"
        return end

    def _take_out(self, out: list[str], end: int) -> int:
        """Leave out what stands before `end`."""
        out.append(GONE)
        return end
