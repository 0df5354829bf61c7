"""Reads one answer as it streams in: pieces in, sentences out."""

from __future__ import annotations

from ..core.types import Reply
from .sentences import CutSentence, SentenceCutter, ends_sentence

#: Twenty minutes of speech: an answer is cut off here, characters.
LONGEST_ANSWER = 20_000
#: Characters of an answer that are cut into sentences at a time: nothing else is done meanwhile.
CHARACTERS_AT_ONCE = 2000


class ReplyReader:
    """Puts the pieces of one turn's answer in order and cuts them. Pieces that came before are ignored.

    done: nothing more is to come; cut_short: because the answer broke off, and that in the middle of a sentence.
    """

    def __init__(self, cutter: SentenceCutter) -> None:
        self._cutter = cutter
        self._next_seq = 0
        self._room = LONGEST_ANSWER  # characters that are still accepted
        self._broken: bool | None = None  # of the end, once it has come: whether something is missing before it
        self.waiting = ""  # what came and was not cut yet: see `read`
        self._last_line = ""
        self.done = False
        self.cut_short = False

    def feed(self, piece: Reply) -> list[CutSentence]:
        """The sentences that this piece completes; with the final piece, the rest, where none is missing before it."""
        if self.done or self._broken is not None or piece.seq < self._next_seq:
            return []
        broken = piece.seq > self._next_seq
        self._next_seq = piece.seq + 1
        text = piece.text[: self._room]
        self._room -= len(text)
        self.waiting += text
        if piece.final or not self._room:
            self._broken = broken
        return self.read()

    def read(self) -> list[CutSentence]:
        """Cut the next CHARACTERS_AT_ONCE of what waits."""
        text, self.waiting = self.waiting[:CHARACTERS_AT_ONCE], self.waiting[CHARACTERS_AT_ONCE:]
        lines = self._noted(list(self._cutter.feed(text)))
        if self._broken is None or self.waiting:
            return lines
        return [*lines, *(self.break_off() if self._broken else self._finish())]

    @property
    def begun(self) -> bool:
        """Whether some of the next sentence has come."""
        return self._cutter.begun

    def break_off(self) -> list[CutSentence]:
        """Give up waiting: the rest of what came, if it is whole sentences. Later pieces are ignored."""
        self.waiting = ""
        rest = self._noted(self._finish())
        self.cut_short = bool(self._last_line) and not ends_sentence(self._last_line)
        return [] if self.cut_short else rest

    def _finish(self) -> list[CutSentence]:
        self.done = True
        return list(self._cutter.finish())

    def _noted(self, lines: list[CutSentence]) -> list[CutSentence]:
        self._last_line = lines[-1].text if lines else self._last_line
        return lines
