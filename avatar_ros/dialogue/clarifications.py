"""What the avatar owes to speech that it did not get: an apology, or a request to speak up or to say it again."""

from __future__ import annotations

from .user_speech import Utterance

#: Requests, by the names of their texts.
TOO_QUIET, MISSED = "too_quiet", "missed"


class Clarifications:
    """Says when each is due, once. One apology does for all that was asked before it was begun."""

    def __init__(self) -> None:
        self._apologised_s = float("-inf")
        self._due_s: dict[str, float] = {}
        self.apology_due = False

    def not_transcribed(self, utterance: Utterance) -> None:
        """No transcript came of it in time: an apology is due."""
        stopped_s = utterance.stop_received_s
        self.apology_due = self.apology_due or stopped_s is None or stopped_s > self._apologised_s

    def apologised(self, now_s: float) -> None:
        """The apology begins."""
        self.apology_due, self._apologised_s = False, now_s

    def plan(self, request: str, due_s: float) -> None:
        """Make a request at that time, unless the user speaks before."""
        self._due_s[request] = due_s

    def planned(self, request: str) -> bool:
        """Whether the request may still be made."""
        return request in self._due_s

    def voice_started(self) -> None:
        """The user speaks: what was not understood may be said now."""
        self._due_s.clear()

    def take(self, request: str, now_s: float) -> bool:
        """Whether the request is to be made now; true once."""
        return self._due_s.get(request, float("inf")) <= now_s and bool(self._due_s.pop(request))
