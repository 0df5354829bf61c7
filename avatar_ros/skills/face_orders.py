"""Faces that a program wants to last: given until the face is there to make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.events import Gesture
from ..core.stage import Out
from .lives import FACE, Lives

#: A face that is not there by then is given up, s.
_PATIENCE_S = 3.0
_NOT_YET = float("-inf")


@dataclass
class _LastingFace:
    face: Gesture
    answer: Callable[[str], None]
    began_s: float
    given_s: float


class FaceOrders:
    """A sign of life after the order says that it was heard; one of a new life, that it must be given again.

    reachable(topic): whether who should read it is there: what is given before, nobody hears.
    """

    def __init__(self, lives: Lives, reachable: Callable[[str], bool]) -> None:
        self._lives = lives
        self._reachable = reachable
        self._pending: list[_LastingFace] = []

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def give(self, face: Gesture, answer: Callable[[str], None], now_s: float) -> Iterable[Out]:
        """An order; answer(""): the face makes it, else why not."""
        self._pending.append(_LastingFace(face, answer, now_s, _NOT_YET))
        yield from self.tick(now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Time has passed, and signs of life may have come."""
        for one in tuple(self._pending):
            again = one.given_s == _NOT_YET or self._lives.began_s(FACE) > one.given_s
            if again and self._reachable("gesture"):
                one.given_s = now_s
                yield Out("gesture", one.face)
            elif not again and self._lives.heard_s(FACE) > one.given_s:
                self._answer(one, "")
            elif now_s - one.began_s > _PATIENCE_S:
                self._answer(one, "no_face")

    def give_up(self, reason: str) -> None:
        """Nothing more is sent."""
        for one in tuple(self._pending):
            self._answer(one, reason)

    def _answer(self, one: _LastingFace, reason: str) -> None:
        self._pending.remove(one)
        one.answer(reason)
