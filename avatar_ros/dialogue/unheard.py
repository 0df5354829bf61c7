"""Questions that came to nothing, since the recogniser is too slow: that is owed a word."""

from __future__ import annotations

from .user_speech import Utterance


class Unheard:
    """One apology does for all that was asked before it was begun."""

    def __init__(self) -> None:
        self.owed = False
        self._said_s = float("-inf")

    def add(self, utterance: Utterance) -> None:
        """Somebody asked, and will not be answered."""
        stopped_s = utterance.heard_stopped_s
        self.owed = self.owed or stopped_s is None or stopped_s > self._said_s

    def forget(self) -> None:
        """Something newer is answered, or nothing is wanted."""
        self.owed = False

    def said(self, now_s: float) -> None:
        """The apology begins."""
        self.owed, self._said_s = False, now_s
