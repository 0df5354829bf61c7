"""Expression tags in a stream of text: "[happy] Hello!" is the text " Hello!" with the expression "happy" before it.

A tag is one word of letters, "_" and "-" in square brackets. Names of hri_msgs/Expression are expressions; other words
are stage directions that nobody should hear ("[laughs]") and are dropped. Brackets around anything else ("[page 3]",
"[1]", an unclosed one) are text.
"""

from __future__ import annotations

from collections.abc import Iterator

#: The values of hri_msgs/msg/Expression (https://github.com/ros4hri/hri_msgs).
EXPRESSIONS = frozenset(
    """
    neutral angry sad happy surprised disgusted scared pleading vulnerable despaired guilty disappointed embarrassed
    horrified skeptical annoyed furious suspicious rejected bored tired asleep confused amazed excited
    """.split()
)
_LONGEST = 24


class Tag(str):
    """An expression's name, where a TagReader yields characters otherwise."""


class TagReader:
    """Takes a text character by character and parts it into characters and tags."""

    def __init__(self) -> None:
        self._held = ""  # "[" and what followed, while it may still become a tag

    def feed(self, text: str) -> Iterator[str | Tag]:
        """The characters of `text` that are certainly text, one by one, and a Tag where one was closed."""
        for character in text:
            yield from self._take(character)

    def finish(self) -> Iterator[str]:
        """What was held back: a bracket that was never closed is text."""
        held, self._held = self._held, ""
        yield from held

    def _take(self, character: str) -> Iterator[str | Tag]:
        if not self._held:
            if character == "[":
                self._held = character
            else:
                yield character
        elif character == "]" and len(self._held) > 2:
            name, self._held = self._held[1:].lower(), ""
            if name in EXPRESSIONS:
                yield Tag(name)
        elif len(self._held) <= _LONGEST and _may_be_in_a_tag(character):
            self._held += character
        else:
            yield from self.finish()
            yield from self._take(character) if character == "[" else character


def _may_be_in_a_tag(character: str) -> bool:
    return character.isascii() and (character.isalpha() or character in "_-")
