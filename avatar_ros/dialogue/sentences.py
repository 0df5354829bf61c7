"""Cuts a stream of text, once it is cleaned, into sentences to be spoken, each as early as it can be known to end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .boundaries import boundary, speakable
from .cleaning.cleaner import Cleaner
from .cleaning.marks import FORGET, expression_of

_CLAUSE_MARKS = ",;:–—"
_WIDE_CLAUSE_MARKS = "，、；：､"


@dataclass(frozen=True)
class Line:
    """A sentence and the expression that its last tag asked for ("": none). locale: "" where its turn's holds."""

    text: str
    expression: str = ""
    locale: str = ""


class SentenceCutter:
    """Works character by character, so the sentences do not depend on the pieces that the text came in.

    clause_length: a sentence longer than this (characters) is cut after its next comma; first_clause_length: the same
    for the first sentence, shorter, since somebody waits for it; max_length: cut at the last space, mark or no mark.
    """

    def __init__(self, *, first_clause_length: int = 80, clause_length: int = 200, max_length: int = 300) -> None:
        self._cleaner = Cleaner()
        self._first_clause_length = min(first_clause_length, clause_length)
        self._clause_length = clause_length
        self._max_length = max_length
        self._text = ""
        self._tags: list[tuple[int, str]] = []  # (where in _text, expression)
        self._first = True

    def feed(self, text: str) -> Iterator[Line]:
        """Take a piece of text; yields the sentences that are complete."""
        for character in self._cleaner.feed(text):
            yield from self._take(character)

    @property
    def begun(self) -> bool:
        """Whether there is text that is no whole sentence yet."""
        return bool(self._text)

    def finish(self) -> Iterator[Line]:
        """The rest; empty where nothing is left to be said. The cutter is then as new, except for `first`."""
        for character in self._cleaner.finish():
            yield from self._take(character)
        self._cleaner = Cleaner()
        if speakable(self._text):
            yield self._cut(len(self._text), through_end=True)
        self._text, self._tags = "", []

    def _take(self, character: str) -> Iterator[Line]:
        if character == FORGET:  # what was cut off before has been spoken
            self._text, self._tags = "", []
            return
        if expression := expression_of(character):
            self._tags.append((len(self._text), expression))
            return
        if end := boundary(self._text, character):
            yield self._cut(end)
        if self._text or not character.isspace():
            self._text += character
        if end := self._too_long():
            yield self._cut(end)

    def _too_long(self) -> int:
        """Where to cut a sentence that has become too long, after the character that came last; 0: it has not."""
        text = self._text
        limit = self._first_clause_length if self._first else self._clause_length
        if len(text) > limit and speakable(text):
            if text[-1] in _WIDE_CLAUSE_MARKS:
                return len(text)
            if text[-1].isspace() and text[-2] in _CLAUSE_MARKS:
                return len(text) - 1
        if len(text) < self._max_length:
            return 0
        space = max(text.rfind(" "), text.rfind("\t"))
        return space if space > self._max_length // 2 else len(text)

    def _cut(self, end: int, through_end: bool = False) -> Line:
        text, rest = self._text[:end], self._text[end:]
        mine = [name for at, name in self._tags if at < end or through_end]
        shift = end + len(rest) - len(rest.lstrip())
        self._tags = [(max(0, at - shift), name) for at, name in self._tags if at >= end and not through_end]
        self._text = rest.lstrip()
        self._first = False
        return Line(" ".join(text.split()), mine[-1] if mine else "")
