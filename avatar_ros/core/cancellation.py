"""What was cancelled stays cancelled: the check that is made before every piece of work and every publication."""

from __future__ import annotations

from .enums import InterruptAction, Layer
from .events import Interrupt, SpeechFault
from .types import AudioFeatures, Expression, Prompt, Reply, Sentence, SpeechChunk

_NEVER = (-1, -1)
_Marks = dict[str, tuple[int, int]]


class CancelGate:
    """Remembers, per session, the newest cancelled (epoch, turn), and the newest whose sound is void. Safe between
    threads: a write is one assignment in a dict.

    Only work on a turn can be void. Reports of what happened (PlaybackClock, TurnReport, …) never are: the news that
    a cancelled turn ended must get through.
    """

    def __init__(self) -> None:
        self._void: _Marks = {}
        self._silent: _Marks = {}

    def order(self, order: Interrupt) -> None:
        """Take note of a CANCEL or a REPEAT; other actions void nothing."""
        if order.action.ends_speech:
            _raise(self._silent, order)
        if order.action is InterruptAction.CANCEL:
            _raise(self._void, order)

    def is_void(self, message: object) -> bool:
        """Whether `message` is work on a turn that was cancelled, or sound of one that is said again."""
        if isinstance(message, Prompt | Reply):
            return (message.epoch, message.turn) <= self._void.get(message.session, _NEVER)
        if isinstance(message, Sentence | SpeechChunk | SpeechFault | AudioFeatures) or (
            isinstance(message, Expression) and message.layer is Layer.SPEECH
        ):
            return (message.epoch, message.turn) <= self._silent.get(message.session, _NEVER)
        return False

    def forget(self, session: str) -> None:
        """Drop what is known of a closed session."""
        self._void.pop(session, None)
        self._silent.pop(session, None)


def _raise(marks: _Marks, order: Interrupt) -> None:
    mark = (order.epoch, order.turn)
    if mark > marks.get(order.session, _NEVER):
        marks[order.session] = mark
