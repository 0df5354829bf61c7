"""The frame of each step: text in, text out, in pieces of any size; what cannot be decided yet is held back."""

from __future__ import annotations

import re
from dataclasses import dataclass


class UndecidedError(Exception):
    """More text is needed. Raised before anything of the step was given out."""


def wait_if(undecided: object) -> None:
    """Raise UndecidedError where `undecided` is true."""
    if undecided:
        raise UndecidedError


class Scanner:
    """A step of cleaning. What it makes of a text never depends on the pieces that the text came in."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What is certain by now."""
        return self._run(self._held + text, last=False)

    def finish(self) -> str:
        """The rest."""
        return self._run(self._held, last=True)

    def _run(self, text: str, last: bool) -> str:
        out: list[str] = []
        at = 0
        try:
            while at < len(text):
                at = self._step(text, at, last, out)
        except UndecidedError:
            pass
        self._held = text[at:]
        return "".join(out)

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        """Work on `text` from `at` on; returns where to go on, which is further. last: no more will come."""
        raise NotImplementedError


@dataclass(frozen=True)
class Shape:
    """Something that one looks for: as a whole, and as the beginning of it that stands at the end of what came."""

    whole: re.Pattern[str]
    begun: re.Pattern[str]

    def at(self, text: str, at: int, last: bool) -> re.Match[str] | None:
        """The match at this place. Raises UndecidedError where there may be one once more has come."""
        if not last and self.begun.fullmatch(text, at):
            raise UndecidedError
        return self.whole.match(text, at)


def shape(*atoms: str) -> Shape:
    """Of regular expressions in order, each of which matches one character or also each beginning of its match."""
    begun = ""
    for atom in reversed(atoms):
        begun = f"(?:{atom}{begun})?"
    return Shape(re.compile("".join(atoms)), re.compile(begun))
