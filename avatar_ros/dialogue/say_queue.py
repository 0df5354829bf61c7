"""Words that other programs want spoken: which wait, which go first."""

from __future__ import annotations

from collections import deque

from ..core.enums import SayWhen
from ..core.events import Say, SayResult
from ..core.spoken_text import speakable


class SayQueue:
    """Waiting `say`s in the order in which they will be spoken."""

    def __init__(self, limit: int, characters: int) -> None:
        self._limit = limit
        self._characters = characters  # of one `say`
        self._waiting: deque[Say] = deque()

    def add(self, say: Say) -> list[SayResult]:
        """Take a `say`; results of those that will not be spoken now: it itself, or what NOW and INTERRUPT displace."""
        if len(say.text) > self._characters:
            return [_refused(say, "too_long")]
        if not say.when.known:
            return [_refused(say, "unknown_when")]
        if not speakable(say.text):
            return [_refused(say, "empty_text")]
        if say.when is not SayWhen.QUEUE:
            dropped = self.drop("replaced")
            self._waiting.append(say)
            return dropped
        if len(self._waiting) >= self._limit:
            return [_refused(say, "queue_full")]
        self._waiting.append(say)
        return []

    def drop(self, reason: str) -> list[SayResult]:
        """None of what waits will be spoken."""
        dropped = [_refused(say, reason) for say in self._waiting]
        self._waiting.clear()
        return dropped

    def withdraw(self, id_: str) -> list[SayResult]:
        """Those of this id will not be spoken."""
        taken = [say for say in self._waiting if say.id == id_]
        self._waiting = deque(say for say in self._waiting if say.id != id_)
        return [_refused(say, "withdrawn") for say in taken]

    def pop(self) -> Say | None:
        """The next to be spoken."""
        return self._waiting.popleft() if self._waiting else None

    def next_when(self) -> SayWhen | None:
        """How urgent the next one is."""
        return self._waiting[0].when if self._waiting else None

    def __len__(self) -> int:
        return len(self._waiting)


def _refused(say: Say, reason: str) -> SayResult:
    return SayResult(session=say.session, id=say.id, done=False, reason=reason)
