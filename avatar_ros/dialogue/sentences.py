"""Cuts a stream of text, once it is cleaned, into sentences to be spoken, each as early as it can be known to end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.expressions import EXPRESSIONS
from ..core.spoken_text import speakable
from .cleaning.cleaner import Cleaner
from .cleaning.marks import FORGET, name_of

_CLAUSE_MARKS = ",;:–—"
_WIDE_CLAUSE_MARKS = "，、；：､"


@dataclass(frozen=True)
class CutSentence:
    """A sentence, the expression and the gesture that its last tags asked for ("": none). locale: "" where its turn's
    holds.
    """

    text: str
    expression: str = ""
    locale: str = ""
    gesture: str = ""


class SentenceCutter:
    """Works character by character, so the sentences do not depend on the pieces that the text came in.

    clause_length: a sentence longer than this (characters) is cut after its next comma; first_clause_length: the same
    for the first sentence, shorter, since the user waits for it; max_length: cut at the last space, mark or no mark.
    """

    def __init__(self, *, first_clause_length: int = 80, clause_length: int = 200, max_length: int = 300) -> None:
        self._cleaner = Cleaner()
        self._first_clause_length = min(first_clause_length, clause_length)
        self._clause_length = clause_length
        self._max_length = max_length
        self._text = ""
        self._tags: list[tuple[int, str]] = []  # (where in _text, expression or gesture)
        self._first = True

    def feed(self, text: str) -> Iterator[CutSentence]:
        """Take a piece of text; yields the sentences that are complete."""
        for character in self._cleaner.feed(text):
            yield from self._take(character)

    @property
    def begun(self) -> bool:
        """Whether there is text that is no whole sentence yet."""
        return bool(self._text)

    def finish(self) -> Iterator[CutSentence]:
        """The rest; empty where nothing is left to be said. The cutter is then as new, except for `first`."""
        for character in self._cleaner.finish():
            yield from self._take(character)
        self._cleaner = Cleaner()
        if speakable(self._text):
            yield self._cut(len(self._text), through_end=True)
        self._text, self._tags = "", []

    def _take(self, character: str) -> Iterator[CutSentence]:
        if character == FORGET:  # what was cut off before has been spoken
            self._text, self._tags = "", []
            return
        if name := name_of(character):
            self._tags.append((len(self._text), name))
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

    def _cut(self, end: int, through_end: bool = False) -> CutSentence:
        text, rest = self._text[:end], self._text[end:]
        mine = [name for at, name in self._tags if at < end or through_end]
        shift = end + len(rest) - len(rest.lstrip())
        self._tags = [(max(0, at - shift), name) for at, name in self._tags if at >= end and not through_end]
        self._text = rest.lstrip()
        self._first = False
        expression = next((name for name in reversed(mine) if name in EXPRESSIONS), "")
        gesture = next((name for name in reversed(mine) if name not in EXPRESSIONS), "")
        return CutSentence(" ".join(text.split()), expression, gesture=gesture)


#: Stops that need no space after them.
WIDE_STOPS = "。！？｡．"
#: Stops that do: Latin and others, Devanagari, Arabic, Urdu, Armenian, Ethiopic, Burmese, Khmer.
STOPS = WIDE_STOPS + ".!?…।॥؟۔։።။។‽"
CLOSERS = "\"'”’»›)]}」』）】》〉*_"

#: Never the end of a sentence: a name, a number or an explanation follows.
_NEVER = frozenset(
    """
    mr mrs ms dr prof st mt rev hon gen col capt lt sgt sr sra dipl ing hr fr
    vs fig figs approx ca cf al resp bzw vol ed eds pp jan feb mar apr jun jul aug sept oct nov dec mme mlle
    """.split()
)
#: The end of a sentence if something capital follows.
_PERHAPS = frozenset("etc inc ltd co corp jr sr bros dept est usw a.m p.m ph.d b.c a.d".split())
_LIST_NUMBER = re.compile(r"\s*\(?\d{1,3}\.")
#: Within a line: the first after a colon or the like, the others where the one before has been.
_ITEM_NUMBER = re.compile(r"(?:^|(?P<colon>[:;,–—-]\s*)|\s)\(?(?P<number>\d{1,2})$")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_LAST_WORD = re.compile(r"[^\s\"'“‘«(\[]*$")


def boundary(text: str, following: str) -> int:
    """Length of the sentence that `text` begins with, seen that the character `following` comes next; 0: none yet.

    To be asked anew for every character; what is decided never depends on more than these two.
    """
    body = text.rstrip()
    if not speakable(body):
        return 0
    if following in "\n\r\u2029":
        return len(body)
    core = _without_closers(body)
    if not core or core[-1] not in STOPS:
        return 0
    spaced = len(body) < len(text)
    if spaced or following.isspace():
        known = "" if following.isspace() else following
        return len(body) if _ends_before_space(core, len(core) < len(body), known) else 0
    if following in STOPS or following in CLOSERS or _is_symbol(following):
        return 0  # the sentence's own: "?!", a closing quote, an emoji
    glued = core[-1] in WIDE_STOPS or (core[-1] in ".!?" and is_wide(following))
    return len(body) if glued else 0


def ends_sentence(text: str) -> bool:
    """Whether `text` ends as a sentence does: with a stop, perhaps inside a quotation, perhaps with an emoji."""
    core = _without_closers(text.rstrip())
    return bool(core) and core[-1] in STOPS


def is_wide(character: str) -> bool:
    """Whether the character belongs to a script that is written without spaces (Chinese, Japanese)."""
    return unicodedata.east_asian_width(character) in "WF" and character.isalnum()


def _ends_before_space(core: str, closed: bool, following: str) -> bool:
    """Whether the stop before a space is the end. following: "" while it is not known what comes after the space."""
    stop = core[-1]
    if stop == "…" or core.endswith(".."):
        return _begins(following)
    if stop == "." and not _plain_dot(core[:-1], following):
        return False
    # After a quotation the sentence may go on: "Really?" she asked.
    return _begins(following) if closed and stop not in WIDE_STOPS else True


def _begins(following: str) -> bool:
    """Whether a sentence may begin with this character; not known yet: no."""
    return bool(following) and not following.islower()


def _plain_dot(before: str, following: str) -> bool:
    """Whether a full stop after `before`, followed by a space, ends a sentence."""
    if _LIST_NUMBER.fullmatch(before + ".") or _is_item_number(before):
        return False
    found = _LAST_WORD.search(before)
    word = found.group() if found else ""
    lower = word.lower()
    if lower == "no":
        return bool(following) and not following.isdigit()
    if lower in _PERHAPS:
        return following.isupper() or bool(following and is_wide(following))
    if lower in _NEVER or _DOTTED.fullmatch(word):
        return False
    # An initial: "J. Smith". "I" alone is more often a word.
    return not (len(word) == 1 and word.isalpha() and word.isupper() and word != "I")


def _is_item_number(before: str) -> bool:
    """Whether the number that `before` ends with is that of a list within a line: "Options: 1. Tea 2. Coffee"."""
    found = _ITEM_NUMBER.search(before[-8:])
    if not found:
        return False
    number = int(found["number"])
    return (bool(found["colon"]) and number == 1) or re.search(rf"(?<!\d){number - 1}\.\s", before) is not None


def _without_closers(body: str) -> str:
    end = len(body)
    while end and (body[end - 1] in CLOSERS or _is_symbol(body[end - 1])):
        end -= 1
    return body[:end]


def _is_symbol(character: str) -> bool:
    """Emoji and what joins and tints them."""
    return unicodedata.category(character) in ("So", "Sk", "Mn", "Cf")
