"""What was cancelled stays cancelled: the check that is made before every piece of work and every publication."""

from __future__ import annotations

from .types import (
    AudioFeatures,
    Expression,
    Interrupt,
    InterruptAction,
    Layer,
    Prompt,
    Reply,
    Sentence,
    SpeechChunk,
)

_NEVER = (-1, -1)


class VoidGate:
    """Remembers, per session, the newest cancelled (epoch, turn). Safe between threads: one dict write, one read.

    Only work on a turn can be void. Reports of what happened (PlaybackClock, TurnReport, …) never are: the news that
    a cancelled turn ended must get through.
    """

    def __init__(self) -> None:
        self._void: dict[str, tuple[int, int]] = {}

    def order(self, order: Interrupt) -> None:
        """Take note of a CANCEL; other actions void nothing."""
        if order.action is not InterruptAction.CANCEL:
            return
        mark = (order.epoch, order.turn)
        if mark > self._void.get(order.session, _NEVER):
            self._void[order.session] = mark

    def is_void(self, message: object) -> bool:
        """Whether `message` is work on a turn that was cancelled."""
        if isinstance(message, Prompt | Reply | Sentence | SpeechChunk | AudioFeatures) or (
            isinstance(message, Expression) and message.layer is Layer.SPEECH
        ):
            return (message.epoch, message.turn) <= self._void.get(message.session, _NEVER)
        return False

    def forget(self, session: str) -> None:
        """Drop what is known of a closed session."""
        self._void.pop(session, None)
