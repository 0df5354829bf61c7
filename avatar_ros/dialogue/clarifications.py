"""What the avatar owes to speech that it did not get: an apology, or a request to speak up or to say it again."""

from __future__ import annotations

from .base import DialogueSettings
from .user_speech import Utterance


class Clarifications:
    """Says when each is due, once. One apology does for all that was asked before it was begun."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._quiet_wait_s = settings.quiet_wait_s
        self._apologised_s = float("-inf")
        self._too_quiet_s: float | None = None  # when a voice was heard that was too quiet
        self._ask_again_s: float | None = None  # when to ask for what was lost with the node that heard it
        self.apology_due = False

    @property
    def waits(self) -> bool:
        """Whether a voice that was too quiet may still be told so."""
        return self._too_quiet_s is not None

    def voice_started(self) -> None:
        """The user speaks: what was not understood may be said now."""
        self._too_quiet_s = self._ask_again_s = None

    def not_transcribed(self, utterance: Utterance) -> None:
        """No transcript came of it in time."""
        stopped_s = utterance.stop_received_s
        self.apology_due = self.apology_due or stopped_s is None or stopped_s > self._apologised_s

    def apologised(self, now_s: float) -> None:
        """The apology begins."""
        self.apology_due, self._apologised_s = False, now_s

    def too_quiet(self, now_s: float) -> None:
        """A voice was too quiet to be understood."""
        self._too_quiet_s = now_s

    def lost(self, ask_again_s: float) -> None:
        """What was said is lost; at this time it is to be asked for."""
        self._ask_again_s = ask_again_s

    def take_too_quiet(self, now_s: float) -> bool:
        """Whether to ask now to speak up; true once."""
        if self._too_quiet_s is None or now_s - self._too_quiet_s < self._quiet_wait_s:
            return False
        self._too_quiet_s = None
        return True

    def take_lost(self, now_s: float) -> bool:
        """Whether to ask now to say it again; true once."""
        if self._ask_again_s is None or now_s < self._ask_again_s:
            return False
        self._ask_again_s = None
        return True
