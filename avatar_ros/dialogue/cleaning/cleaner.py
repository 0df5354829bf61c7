"""Text as a model writes it in, text as it is heard and shown out: once, streaming, before sentences are cut."""

from __future__ import annotations

from .afterthought import Afterthought
from .characters import Characters
from .envelope import Envelope
from .escapes import Escapes
from .lines import Lines
from .marks import UNSEEN
from .markup import Markup
from .regions import Regions
from .spacing import Spacing
from .tags import Tags


class Cleaner:
    """What comes out does not depend on the pieces that the text came in.

    Expressions come out as marks (marks.expression_of), FORGET where what came before was a thought.
    """

    def __init__(self) -> None:
        self._spacing = Spacing()
        self._steps = (Envelope(), Escapes(), Characters(), Tags(), Regions(), Afterthought(), Lines(), Markup())

    def feed(self, text: str) -> str:
        """What of it is certain by now."""
        for step in self._steps:
            text = step.feed(text)
        return self._spacing.feed(text)

    def finish(self) -> str:
        """The rest."""
        text = ""
        for step in self._steps:
            text = step.feed(text) + step.finish()
        return self._spacing.feed(text)


def cleaned(text: str) -> str:
    """A whole text, expressions left out."""
    cleaner = Cleaner()
    return (cleaner.feed(text) + cleaner.finish()).translate(UNSEEN).strip()
