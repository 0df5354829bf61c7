"""What a conversation sends, gathered in order until its stage publishes it."""

from __future__ import annotations

from ..core.enums import AgentState, InterruptAction
from ..core.events import AvatarState, Interrupt
from ..core.stage import Out
from ..core.topics import Message


class Outbox:
    """Messages of one session and one epoch."""

    def __init__(self, session: str, epoch: int) -> None:
        self.session = session
        self.epoch = epoch
        self._waiting: list[Out] = []

    def put(self, topic: str, message: Message) -> None:
        """Send a message on a topic of core/topics.py."""
        self._waiting.append(Out(topic, message))

    def interrupt(self, action: InterruptAction, turn: int, reason: str, epoch: int | None = None) -> None:
        """Send an order about a turn of this epoch, or of another."""
        epoch = self.epoch if epoch is None else epoch
        self.put("interrupt", Interrupt(self.session, epoch, turn, action, reason))

    def state(self, state: AgentState, turn: int, say: str, listening: bool, *, first: bool) -> None:
        """Send the state; before everything else that waits, or behind it."""
        message = Out("state", AvatarState(self.session, self.epoch, turn, state, say=say, listening=listening))
        self._waiting.insert(0 if first else len(self._waiting), message)

    def take(self) -> list[Out]:
        """All that waits, which is then forgotten."""
        out, self._waiting = self._waiting, []
        return out
