"""Orders about the conversation as a whole: given until `state` shows that they are obeyed, and to a new dialogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.enums import ControlAction, SayWhen
from ..core.events import Control, Say
from ..core.stage import Out
from .observed import Observed, Turn
from .said_text import ID_PREFIX

#: An order is given again after this time, and given up after that, s.
_AGAIN_S, _PATIENCE_S = 0.5, 3.0
#: An order that was given before its opposite is still to be obeyed: so long its effect is waited for, s.
_STILL_TO_COME_S = 2.0
#: What undoes an order: the later of the two holds.
_OPPOSITE = {
    ControlAction.SLEEP: ControlAction.WAKE,
    ControlAction.WAKE: ControlAction.SLEEP,
    ControlAction.LISTEN: ControlAction.IGNORE,
    ControlAction.IGNORE: ControlAction.LISTEN,
}


@dataclass
class _Pending:
    """action: None for a stop, of what was being said in `turn`. opposed: its opposite is under way, and will be obeyed
    first: what `state` shows until then is old.
    """

    action: ControlAction | None
    answer: Callable[[str], None]
    began_s: float
    given_s: float
    turn: Turn = (0, 0)
    opposed: bool = False


class Orders:
    """What was asked for last holds: a dialogue that was started again is told. FORGET holds at once."""

    def __init__(self, session: str, observed: Observed) -> None:
        self._session = session
        self._observed = observed
        self._pending: list[_Pending] = []
        self._lasting: dict[ControlAction, None] = {}  # in force
        self._epoch = 0

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def give(self, action: ControlAction, answer: Callable[[str], None], now_s: float) -> Iterable[Out]:
        """An order; answer(""): obeyed, else why not."""
        opposed = False
        if action in _OPPOSITE:
            self._lasting.pop(_OPPOSITE[action], None)
            self._lasting[action] = None
            for other in [one for one in self._pending if one.action is _OPPOSITE[action]]:
                self._pending.remove(other)
                other.answer("replaced")
                opposed = True
        yield Out("control", Control(self._session, action))
        if action not in _OPPOSITE:
            answer("" if self._observed.reachable("control") else "no_dialogue")
        elif self._holds(action) and not opposed:
            answer("")
        else:
            self._pending.append(_Pending(action, answer, now_s, now_s, opposed=opposed))

    def stop(self, answer: Callable[[str], None], now_s: float) -> Iterable[Out]:
        """Fall silent; answer(""): what was being said is said no more."""
        one = _Pending(None, answer, now_s, now_s, self._observed.turn)
        yield self._told(one)
        if not self._observed.reachable("say"):
            answer("no_dialogue")
        else:
            self._pending.append(one)

    def tick(self, now_s: float) -> Iterable[Out]:
        """The state may have changed, or time has passed."""
        for one in tuple(self._pending):
            if self._obeyed(one, now_s):
                self._pending.remove(one)
                one.answer("")
            elif now_s - one.began_s > _PATIENCE_S:
                self._pending.remove(one)
                one.answer("no_dialogue")
            elif now_s - one.given_s > _AGAIN_S:
                one.given_s = now_s
                yield self._told(one)
        if self._observed.epoch != self._epoch:
            renewed, self._epoch = bool(self._epoch), self._observed.epoch
            for action in self._lasting if renewed else ():
                if not self._holds(action):
                    self._pending.append(_Pending(action, _nobody, now_s, now_s))
                    yield Out("control", Control(self._session, action))

    def give_up(self, reason: str) -> None:
        """Nothing more is sent."""
        for one in self._pending:
            one.answer(reason)
        self._pending.clear()

    def _told(self, one: _Pending) -> Out:
        if one.action is None:
            return Out("say", Say(self._session, f"{ID_PREFIX}stop", when=SayWhen.STOP))
        return Out("control", Control(self._session, one.action))

    def _obeyed(self, one: _Pending, now_s: float) -> bool:
        if one.action is None:
            return not self._observed.busy or self._observed.turn != one.turn
        holds = self._holds(one.action)
        one.opposed &= holds and now_s - one.began_s < _STILL_TO_COME_S
        return holds and not one.opposed

    def _holds(self, action: ControlAction) -> bool:
        if self._observed.state is None:
            return False
        asleep, listening = self._observed.asleep, self._observed.listening
        return {
            ControlAction.SLEEP: asleep,
            ControlAction.WAKE: not asleep,
            ControlAction.LISTEN: listening,
            ControlAction.IGNORE: not listening,
        }[action]


def _nobody(answer: str) -> None:
    """Nobody waits for it."""
