"""Reads one answer as it streams in: pieces in, sentences out."""

from __future__ import annotations

from ..core.types import Reply
from .sentences import Line, SentenceCutter


class ReplyReader:
    """Puts the pieces of one turn's answer in order and cuts them. Pieces that came before are ignored."""

    def __init__(self, cutter: SentenceCutter) -> None:
        self._cutter = cutter
        self._next_seq = 0
        self.done = False

    def feed(self, piece: Reply) -> list[Line]:
        """The sentences that this piece completes; with the final piece, the rest."""
        if self.done or piece.seq < self._next_seq:
            return []
        self._next_seq = piece.seq + 1
        lines = list(self._cutter.feed(piece.text))
        return [*lines, *self.finish()] if piece.final else lines

    def finish(self) -> list[Line]:
        """Give up waiting: the rest of what came. Later pieces are ignored."""
        self.done = True
        return list(self._cutter.finish())


def lines_of(text: str, cutter: SentenceCutter, expression: str = "") -> list[Line]:
    """A complete text as sentences; `expression` holds for those that name none."""
    return [Line(line.text, line.expression or expression) for line in (*cutter.feed(text), *cutter.finish())]
