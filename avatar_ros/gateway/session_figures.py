"""How long a session's people wait, and what their pages measure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

#: A sound that begins later than this after a question is no answer to it, s.
_LONGEST_S = 60.0
_KEPT = 50


@dataclass
class SessionFigures:
    """first_sound_ms: from the end of each question to the answer's first sound in the page, the last of them.

    page: what the page said of itself last (FIGURES of page_messages).
    """

    first_sound_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    page: dict[str, float] = field(default_factory=dict)
    questions: int = 0
    _asked_s: float | None = None
    _turn: int = 0

    def asked(self, at_s: float) -> None:
        """A question ended."""
        self._asked_s = at_s
        self.questions += 1

    def sounded(self, turn: int, at_s: float) -> None:
        """The page plays that turn."""
        if turn <= self._turn:
            return
        self._turn = turn
        if self._asked_s is not None and 0.0 <= at_s - self._asked_s <= _LONGEST_S:
            self.first_sound_ms.append((at_s - self._asked_s) * 1e3)
        self._asked_s = None
