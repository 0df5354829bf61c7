"""Reads one answer as it streams in: pieces in, sentences out."""

from __future__ import annotations

from ..core.types import Reply
from .boundaries import ends_sentence
from .sentences import Line, SentenceCutter


class ReplyReader:
    """Puts the pieces of one turn's answer in order and cuts them. Pieces that came before are ignored.

    done: nothing more is to come; cut_short: because the answer broke off, and that in the middle of a sentence.
    """

    def __init__(self, cutter: SentenceCutter) -> None:
        self._cutter = cutter
        self._next_seq = 0
        self._last_line = ""
        self.done = False
        self.cut_short = False

    def feed(self, piece: Reply) -> list[Line]:
        """The sentences that this piece completes; with the final piece, the rest, where none is missing before it."""
        if self.done or piece.seq < self._next_seq:
            return []
        broken = piece.seq > self._next_seq
        self._next_seq = piece.seq + 1
        lines = self._noted(list(self._cutter.feed(piece.text)))
        if not piece.final:
            return lines
        return [*lines, *(self.break_off() if broken else self._finish())]

    @property
    def begun(self) -> bool:
        """Whether some of the next sentence has come."""
        return self._cutter.begun

    def break_off(self) -> list[Line]:
        """Give up waiting: the rest of what came, if it is whole sentences. Later pieces are ignored."""
        rest = self._noted(self._finish())
        self.cut_short = bool(self._last_line) and not ends_sentence(self._last_line)
        return [] if self.cut_short else rest

    def _finish(self) -> list[Line]:
        self.done = True
        return list(self._cutter.finish())

    def _noted(self, lines: list[Line]) -> list[Line]:
        self._last_line = lines[-1].text if lines else self._last_line
        return lines


def lines_of(text: str, cutter: SentenceCutter, expression: str = "", locale: str = "") -> list[Line]:
    """A complete text as sentences; `expression` holds for those that name none, `locale` for all."""
    parts = (*cutter.feed(text), *cutter.finish())
    return [Line(line.text, line.expression or expression, locale) for line in parts]
