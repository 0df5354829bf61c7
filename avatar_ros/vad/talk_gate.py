"""Push-to-talk and tap-to-talk: while the gate is closed, nothing of the microphone is looked at. Pure."""

from __future__ import annotations

from math import inf

from .base import VadSettings

OPEN, PUSH, TAP = "open", "push", "tap"


class TalkGate:
    """Of one session. push: open while pressed, and talk_release_s longer; tap: from a tap to the end of what is said.

    A second tap ends it at once; without a voice it closes after talk_patience_s. ignored: a program wants nothing
    heard, whatever is pressed.
    """

    def __init__(self, settings: VadSettings) -> None:
        self._settings = settings
        self.ignored = False
        self._pressed = False
        self._until_s = inf if settings.talk == OPEN else -inf

    @property
    def holds(self) -> bool:
        """Whether silence ends no utterance: the key is still pressed."""
        return self._settings.talk == PUSH and self._pressed and not self.ignored

    def press(self, pressed: bool, now_s: float) -> None:
        """The key is pressed, or let go."""
        if self._settings.talk == PUSH and pressed != self._pressed:
            self._until_s = inf if pressed else now_s + self._settings.talk_release_s
        elif self._settings.talk == TAP and pressed:
            self._until_s = -inf if self.is_open(now_s) else now_s + self._settings.talk_patience_s
        self._pressed = pressed

    def voice_started(self) -> None:
        """Somebody speaks: a tap lasts to the end of it."""
        if self._settings.talk == TAP:
            self._until_s = inf

    def voice_stopped(self) -> None:
        """The utterance is over, and with it a tap."""
        if self._settings.talk == TAP:
            self._until_s = -inf

    def is_open(self, now_s: float) -> bool:
        """Whether the microphone is listened to."""
        return not self.ignored and now_s < self._until_s
