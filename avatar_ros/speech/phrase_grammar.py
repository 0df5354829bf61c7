"""Phrase patterns: many ways of saying one thing, written on one line.

The syntax is that of a JSGF expansion (https://www.w3.org/TR/jsgf/): words, `( )` groups, `|` between alternatives,
`[ ]` around what may be left out, `<name>` for a part that is written down once. "(what's | what is) the time [now]"
stands for four sentences. The answers file is written in it; the recogniser makes a grammar of it, answers match it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

#: A letter of any script, with the vowel signs that Python's \w lacks; no digits, which are written as words.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff\u0e31-\u0e4e])"
_TOKEN = re.compile(
    rf"\s*(?:(?P<name><[a-z_][a-z0-9_]*>)|(?P<word>{_LETTER}(?:{_LETTER}|['’-])*)|(?P<sign>[()\[\]|]))", re.IGNORECASE
)
_CLOSING = {"(": ")", "[": "]"}
_MAX_NESTING = 20
#: What a pattern may come to with its parts written out: parts of parts grow like powers.
_MAX_WORDS, _MAX_DEPTH = 20_000, 100
_MAX_SERIES = 200


class PhraseError(ValueError):
    """A pattern that cannot be read; the text says what and at which column."""


@dataclass(frozen=True)
class Word:
    """One spoken word, lower case."""

    text: str
    size = depth = 1


@dataclass(frozen=True)
class Series:
    """Parts one after another; empty: nothing is said."""

    parts: tuple[Node, ...] = ()

    @cached_property
    def size(self) -> int:
        """Words, with every part written out."""
        return sum(part.size for part in self.parts)

    @cached_property
    def depth(self) -> int:
        return 1 + max((part.depth for part in self.parts), default=0)


@dataclass(frozen=True)
class Choice:
    """Exactly one of the options. An optional part is a choice with an empty sequence."""

    options: tuple[Node, ...]

    @cached_property
    def size(self) -> int:
        """Words, with every part written out."""
        return sum(option.size for option in self.options)

    @cached_property
    def depth(self) -> int:
        return 1 + max(option.depth for option in self.options)


Node = Word | Series | Choice
NOTHING = Series()


def parse(text: str, parts: Mapping[str, Node] | None = None) -> Node:
    """The pattern as a tree; `parts` are what `<name>` stands for. Raises PhraseError."""
    return _PhraseParser(text, parts or {}).whole()


def pattern_words(node: Node) -> Iterator[str]:
    """All words that occur in the pattern, with repetitions."""
    if isinstance(node, Word):
        yield node.text
    elif isinstance(node, Series):
        for part in node.parts:
            yield from pattern_words(part)
    else:
        for option in node.options:
            yield from pattern_words(option)


def expand(node: Node, limit: int = 1000) -> list[tuple[str, ...]]:
    """The sentences that the pattern stands for, as tuples of words, at most `limit` of them."""
    return list(islice(_sentences(node), limit))


def ends(node: Node, words: Sequence[str], starts: Iterable[int] = (0,)) -> set[int]:
    """Positions in `words` where the pattern may end when it begins at one of `starts`."""
    if isinstance(node, Word):
        return {i + 1 for i in starts if i < len(words) and words[i] == node.text}
    if isinstance(node, Choice):
        return {end for option in node.options for end in ends(option, words, tuple(starts))}
    here = set(starts)
    for part in node.parts:
        here = ends(part, words, here)
    return here


def accepts(node: Node, words: Sequence[str]) -> bool:
    """Whether `words` is one of the sentences of the pattern."""
    return len(words) in ends(node, words)


def to_jsgf(node: Node) -> str:
    """The pattern as a JSGF expansion."""
    if isinstance(node, Word):
        return node.text
    if isinstance(node, Series):
        return " ".join(to_jsgf(part) for part in node.parts) or "<NULL>"
    options = " | ".join(to_jsgf(option) for option in node.options if option != NOTHING)
    return f"[ {options} ]" if NOTHING in node.options else f"( {options} )"


def normalised_words(text: str) -> tuple[str, ...]:
    """Words of free text as patterns spell them: lower case, without punctuation; apostrophes stay."""
    return tuple(re.findall(r"[a-z]+(?:['-][a-z]+)*", text.lower().replace("\u2019", "'")))


def _sentences(node: Node) -> Iterator[tuple[str, ...]]:
    if isinstance(node, Word):
        yield (node.text,)
    elif isinstance(node, Choice):
        for option in node.options:
            yield from _sentences(option)
    elif not node.parts:
        yield ()
    else:
        for head in _sentences(node.parts[0]):
            for tail in _sentences(Series(node.parts[1:])):
                yield head + tail


class _PhraseParser:
    """Recursive descent over one pattern."""

    def __init__(self, text: str, parts: Mapping[str, Node]) -> None:
        self._text = text
        self._parts = parts
        self._at = 0
        self._depth = 0
        self._words = 0

    def whole(self) -> Node:
        node = self._choice("")
        if not any(True for _ in pattern_words(node)):
            raise self._error("no words")
        return node

    def _choice(self, closing: str) -> Node:
        options = [self._sequence()]
        while (sign := self._next_sign()) == "|":
            options.append(self._sequence())
        if sign != closing:
            raise self._error(f"'{closing}' is missing" if closing else f"'{sign}' closes nothing")
        return options[0] if len(options) == 1 else Choice(tuple(dict.fromkeys(options)))

    def _sequence(self) -> Node:
        found: list[Node] = []
        while (match := _TOKEN.match(self._text, self._at)) and match["sign"] not in ("|", ")", "]"):
            self._at = match.end()
            found.append(self._item(match))
            if len(found) > _MAX_SERIES:
                raise self._error(f"more than {_MAX_SERIES} words in a row")
        return found[0] if len(found) == 1 else Series(tuple(found))

    def _item(self, match: re.Match[str]) -> Node:
        if match["sign"]:
            return self._group(match["sign"])
        node = Word(match["word"].lower().replace("\u2019", "'")) if match["word"] else self._part(match["name"][1:-1])
        self._words += node.size
        if self._words > _MAX_WORDS or node.depth > _MAX_DEPTH:
            raise self._error(f"comes to more than {_MAX_WORDS} words or {_MAX_DEPTH} levels with its parts")
        return node

    def _part(self, name: str) -> Node:
        if name not in self._parts:
            known = ", ".join(f"<{part}>" for part in self._parts) or "none"
            raise self._error(f"<{name}> is not defined; known: {known}")
        return self._parts[name]

    def _group(self, opening: str) -> Node:
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise self._error(f"more than {_MAX_NESTING} nested groups")
        inner = self._choice(_CLOSING[opening])
        self._depth -= 1
        if opening == "(":
            return inner
        options = inner.options if isinstance(inner, Choice) else (inner,)
        return Choice((NOTHING, *(option for option in options if option != NOTHING)))

    def _next_sign(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        if match:
            self._at = match.end()
            return match["sign"]
        rest = self._text[self._at :].strip()
        if rest:
            raise self._error(f"{rest[0]!r} is not allowed here (words, ( ) [ ] | and <name> are)")
        return ""

    def _error(self, what: str) -> PhraseError:
        shown = self._text if len(self._text) <= 200 else self._text[:200] + " …"
        return PhraseError(f"{what} (column {self._at + 1} of {shown!r})")
