"""Which state the conversation is in: what the face shows of it."""

from __future__ import annotations

from ..core.types import Mood
from .hearing import Hearing
from .presence import Presence
from .turns import Turn


def mood_of(turn: Turn | None, hearing: Hearing, presence: Presence, now_s: float) -> Mood:
    """The state that things as they are call for."""
    if turn is not None and turn.audible and not turn.paused:
        return Mood.SPEAKING
    if hearing.voice or hearing.awaited or (turn is not None and turn.held):
        return Mood.LISTENING
    if turn is not None:
        return Mood.THINKING
    return Mood.IDLE if presence.expired(now_s) else Mood.LISTENING
