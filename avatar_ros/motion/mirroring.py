"""What the face makes of what it hears: a laugh is answered with a smile, long before there is an answer in words.

Friendly feelings are mirrored; anger, fear and disgust are not, since a face that frowns back makes them worse.
"""

from __future__ import annotations

from ..core.types import Transcript

#: How long an answer of the face lasts after the sound was last heard; it fades by itself (emotions.py).
HOLD_S = 1.5
#: Sounds and emotions of a Transcript (docs/conventions.md) and the hri_msgs expression that answers them.
_TO_EVENTS = {"laughter": "happy", "applause": "happy", "cry": "sad"}
_TO_EMOTIONS = {"happy": "happy", "sad": "sad", "surprised": "surprised"}


class Mirroring:
    """One session's answer to the last thing heard."""

    def __init__(self) -> None:
        self._name = ""
        self._until_s = float("-inf")

    def hear(self, transcript: Transcript, now_s: float) -> None:
        """Take a transcript, partial or final; one without feeling leaves a smile as it is."""
        name = _answer(transcript)
        if name:
            self._name, self._until_s = name, now_s + HOLD_S

    def at(self, now_s: float) -> str:
        """The expression to show now, "" for none."""
        return self._name if now_s < self._until_s else ""


def _answer(transcript: Transcript) -> str:
    """A sound is surer than the tone of a voice."""
    heard = (_TO_EVENTS.get(event.lower(), "") for event in transcript.events)
    return next(filter(None, heard), _TO_EMOTIONS.get(transcript.emotion, ""))
