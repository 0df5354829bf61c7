"""Whether a message's (epoch, turn) can be: none is later than the dialogue itself has said on `state`."""

from __future__ import annotations

from collections.abc import Callable

from .enums import Layer
from .events import AvatarState
from .types import Expression

#: Epochs are seconds since 1970, or one more than the last (dialogue/epoch.py): a larger one no dialogue makes.
LARGEST_EPOCH = 2**34
LARGEST_TURN = 2**31
#: Most turns between two states that arrive; the dialogue publishes each.
MOST_TURNS_MISSED = 1000
_MOST_SESSIONS = 1024


class KnownTurns:
    """The newest epoch of the dialogue, and the newest turn of each session in it.

    Epoch 0 belongs to no dialogue and does no harm, since every dialogue's is larger: tools that feed one stage use it.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._turns: dict[str, int] = {}

    def learn(self, state: AvatarState, is_new_dialogue: Callable[[], bool]) -> bool:
        """Take the dialogue's word; False where it cannot be its own.

        is_new_dialogue: whether a dialogue has come that had not spoken yet; asked for an epoch larger than the known.
        """
        if not (0 <= state.epoch <= LARGEST_EPOCH and 0 <= state.turn <= LARGEST_TURN):
            return False
        if state.epoch < self._epoch:
            return True  # of no harm: it makes nothing else believable
        if state.epoch > self._epoch:
            if not is_new_dialogue():
                return False
            self._epoch, self._turns = state.epoch, {}
        known = self._turns.get(state.session)
        if known is not None and state.turn > known + MOST_TURNS_MISSED:
            return False
        if known is None and len(self._turns) >= _MOST_SESSIONS:
            self._turns.pop(next(iter(self._turns)))
        self._turns[state.session] = max(state.turn, known or 0)
        return True

    def have(self, message: object) -> bool:
        """Whether the dialogue has begun this message's turn. What belongs to no turn may always come."""
        epoch = getattr(message, "epoch", 0)
        if not epoch or (isinstance(message, Expression) and message.layer is Layer.IDLE):
            return True
        if epoch != self._epoch:
            return bool(epoch < self._epoch)
        return bool(getattr(message, "turn", 0) <= self._turns.get(getattr(message, "session", ""), -1))
