"""What programs have asked of the conversation as a whole: whether it sleeps, listens, or leaves answers to them."""

from __future__ import annotations

from ..core.enums import ControlAction
from ..core.events import Control

#: Longest time that a claim holds without being said again, s.
LONGEST_LEASE_S = 60.0


class Conduct:
    """asleep: nobody is heard or answered; listening: False while the microphone is ignored."""

    def __init__(self) -> None:
        self.asleep = False
        self.listening = True
        self._claimed_until_s = float("-inf")

    def take(self, control: Control, now_s: float) -> None:
        """A program's wish; FORGET is none of these."""
        action = control.action
        if action in (ControlAction.SLEEP, ControlAction.WAKE):
            self.asleep = action is ControlAction.SLEEP
        elif action in (ControlAction.LISTEN, ControlAction.IGNORE):
            self.listening = action is ControlAction.LISTEN
        elif action is ControlAction.CLAIM:
            self._claimed_until_s = now_s + min(max(control.lease_s, 0.0), LONGEST_LEASE_S)
        elif action is ControlAction.RELEASE:
            self._claimed_until_s = float("-inf")

    def is_claimed(self, now_s: float) -> bool:
        """Whether what people say is a program's to answer."""
        return now_s < self._claimed_until_s
