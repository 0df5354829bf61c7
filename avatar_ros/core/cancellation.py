"""What was cancelled stays cancelled: the check that is made before every piece of work and every publication."""

from __future__ import annotations

from .enums import InterruptAction, Layer
from .events import Interrupt, SpeechFault
from .types import AudioFeatures, Expression, Prompt, Reply, Sentence, SpeechChunk

_NEVER = (-1, -1)
#: The newest (epoch, turn) of each session.
_Newest = dict[str, tuple[int, int]]


class CancelGate:
    """Remembers, per session, the newest turn that was cancelled, and the newest whose sound was. Safe between
    threads: a write is one assignment in a dict.

    Only work on a turn can be cancelled. Reports of what happened (PlaybackClock, TurnReport, …) always pass: the
    news that a cancelled turn ended must get through.
    """

    def __init__(self) -> None:
        self._cancelled: _Newest = {}
        self._silenced: _Newest = {}

    def order(self, order: Interrupt) -> None:
        """Take note of a CANCEL or a REPEAT; other actions cancel nothing."""
        if order.action.ends_speech:
            _raise(self._silenced, order)
        if order.action is InterruptAction.CANCEL:
            _raise(self._cancelled, order)

    def is_cancelled(self, message: object) -> bool:
        """Whether `message` is work on a turn that was cancelled, or sound of one that is said again."""
        if isinstance(message, Prompt | Reply):
            return (message.epoch, message.turn) <= self._cancelled.get(message.session, _NEVER)
        if isinstance(message, Sentence | SpeechChunk | SpeechFault | AudioFeatures) or (
            isinstance(message, Expression) and message.layer is Layer.SPEECH
        ):
            return (message.epoch, message.turn) <= self._silenced.get(message.session, _NEVER)
        return False

    def forget(self, session: str) -> None:
        """Drop what is known of a closed session."""
        self._cancelled.pop(session, None)
        self._silenced.pop(session, None)


def _raise(newest: _Newest, order: Interrupt) -> None:
    key = (order.epoch, order.turn)
    if key > newest.get(order.session, _NEVER):
        newest[order.session] = key
