"""Takes out whole parts that are not to be heard: thoughts, tool calls, code, other people's turns, special tokens."""

from __future__ import annotations

import re

from .foreign import Foreign
from .json_calls import Braces
from .labels import ALONE, LABEL, OURS, THEIRS
from .markers import Marker, Says, marker_at
from .marks import CELL, GONE
from .messages import Messages

_PLAIN = re.compile(r"[^<\[◁`~{\nf]+")
#: Of a thought that was opened twice and closed once: characters of what follows that may turn out to be the answer.
_MOST_KEPT = 4000


class Regions(Foreign, Messages):
    """What is inside of something is skipped to its end; where that never comes, to the end of the text."""

    def __init__(self) -> None:
        super().__init__()
        self._name = ""  # of the element that is skipped
        self._depth = 0  # of thoughts; negative once one of them was closed
        self._kept = ""

    def finish(self) -> str:
        """The rest, and what follows a thought that was opened twice and closed once."""
        rest = super().finish()
        kept, self._kept = self._kept, ""
        return rest + (self._said(kept) if self._inside == "thought" else "")

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if self._inside:
            return getattr(self, f"_skip_{self._inside}")(text, at, last, out)
        if self._before == "\n" and (end := self._label(text, at, last, out)):
            return end
        if plain := _PLAIN.match(text, at):
            self._say(plain[0], out)
            return plain.end()
        return self._trigger(text, at, last, out)

    def _label(self, text: str, at: int, last: bool, out: list[str]) -> int:
        """A line that begins with the name of who speaks it."""
        found = LABEL.at(text, at, last)
        word = found["word"].lower() if found and ("\n" not in found[0] or found[0] in ALONE) else ""
        if found and self._spoke and word in THEIRS | OURS:
            self._inside = "all"
        elif found and word in OURS:
            self._before = found[0][-1]
        elif found and word in THEIRS:  # it repeats the question first
            self._inside, self._by_line = "message", True
        else:
            return 0
        return found.end()

    def _trigger(self, text: str, at: int, last: bool, out: list[str]) -> int:
        character = text[at]
        if character in "`~":
            return self._fence(text, at, last, out)
        if (braces := self._call(text, at, last)) >= 0:
            self._inside, self._braces = "braces", Braces()
            return braces
        marker = marker_at(text, at, last) if character in "<[◁" else None
        if marker is None:
            if text.startswith("<!--", at):
                self._inside = "comment"
                return at + 4
            self._say(character, out)
            return at + 1
        if self._in_code:  # it is spoken of
            self._say(text[at : marker.end].strip("<>[]◁▷|"), out)
        else:
            self._heed(marker, out)
        return marker.end

    def _heed(self, marker: Marker, out: list[str]) -> None:
        says = marker.says
        if says is Says.THOUGHT or (says is Says.MUTE and not marker.closing):
            self._inside, self._name, self._depth = ("thought" if says is Says.THOUGHT else "mute"), marker.name, 1
            self._kept = ""
        elif says is Says.THOUGHT_END:
            self._forget, self._spoke = True, False
        elif says is Says.HEADER:
            self._begin_header(marker)
        elif says is Says.OTHERS:
            self._inside = "all" if self._spoke else "message"
            self._by_line = False
        elif says in (Says.END, Says.MESSAGE_END):
            self._end_message(marker)
        elif says in (Says.LINE, Says.CELL):
            out.append("\n" if says is Says.LINE else CELL)
            self._before = "\n" if says is Says.LINE else self._before
        elif marker.words:
            self._say(marker.words, out)
        else:
            self._struck = self._struck or (marker.name == "s" and self._spoke)
            out.append(GONE)

    def _skip_thought(self, text: str, at: int, last: bool, out: list[str]) -> int:
        marker, end = self._next_marker(text, at, last)
        if self._depth < 0 and marker is None:
            self._kept = (self._kept + text[at:end])[:_MOST_KEPT]
        if marker and marker.says is Says.THOUGHT:
            self._depth = abs(self._depth) + 1
        elif marker and marker.says is Says.THOUGHT_END:
            self._depth, self._kept = 1 - abs(self._depth), ""
            self._inside = "thought" if self._depth else ""
        elif marker and marker.says is Says.END:
            self._end_message(marker)
        return marker.end if marker else end

    def _skip_mute(self, text: str, at: int, last: bool, out: list[str]) -> int:
        marker, end = self._next_marker(text, at, last)
        if marker and marker.closing and marker.name == self._name:
            self._inside = ""
        elif marker and marker.says is Says.END:
            self._end_message(marker)
        return marker.end if marker else end
