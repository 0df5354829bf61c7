"""Whether a person is there: when the avatar greets, when it is idle, and whether it has a person to see off."""

from __future__ import annotations

from ..core.enums import AgentState
from .base import DialogueSettings
from .turn import Turn
from .user_speech import UserSpeechTracker


class Presence:
    """Remembers when something was last said. A `say` and a greeting keep the avatar awake, but are no person."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._active_s: float | None = None  # None: idle
        self._met = False
        self._greet_s: float | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing was said since the conversation ended."""
        return self._active_s is None

    def opened(self, now_s: float) -> None:
        """The session began."""
        if self._settings.greet_when == "start":
            self._greet_s = now_s + self._settings.greet_delay_s

    def active(self, now_s: float) -> None:
        """Something was said, by a person or by the avatar."""
        self._active_s = now_s

    def met(self, now_s: float) -> None:
        """A person said something."""
        self._active_s, self._met = now_s, True

    def expired(self, now_s: float) -> bool:
        """Whether it is idle, or has been silent long enough to be."""
        return self._active_s is None or now_s - self._active_s >= self._settings.idle_after_s

    def greeting_due(self, now_s: float) -> bool:
        """Whether the greeting at the start is to be said; true once."""
        if self._greet_s is None or now_s < self._greet_s:
            return False
        self._greet_s = None
        return True

    def leave(self) -> bool:
        """The conversation is over: it is idle. Whether there is a person to see off."""
        met, self._active_s, self._met = self._met, None, False
        return met


def agent_state(turn: Turn | None, user_speech: UserSpeechTracker, presence: Presence, now_s: float) -> AgentState:
    """What the avatar is doing: see docs/conversation.md."""
    if turn is not None and turn.audible and not turn.paused:
        return AgentState.SPEAKING
    if user_speech.busy or (turn is not None and turn.held):
        return AgentState.LISTENING
    if turn is not None:
        return AgentState.THINKING
    return AgentState.IDLE if presence.expired(now_s) else AgentState.LISTENING
