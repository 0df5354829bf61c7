"""The skill Say: words, spoken to the end or not, and the truth about it."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.enums import SayWhen
from ..core.events import Say
from ..core.stage import Out
from ..core.topics import Message
from .goals import SayEnd, SayGoal
from .said_text import ID_PREFIX, SaidText
from .skill import SPEAKING, Skill, Surroundings, is_expression


class SaySkill(Skill):
    """Its order among others is the dialogue's, as `when` says."""

    topics = SPEAKING

    def __init__(self, goal: SayGoal, around: Surroundings) -> None:
        super().__init__()
        self._goal = goal
        when = SayWhen(goal.when)
        say = Say(around.settings.session, ID_PREFIX + around.id, goal.text, when, goal.locale, goal.expression)
        self._speech = SaidText(say, around.observed, around.settings.dialogue_wait_s)

    def begin(self, now_s: float) -> Iterable[Out]:
        """Refuse what cannot be; else have it spoken."""
        if not is_expression(self._goal.expression):
            self.end = SayEnd(reason="unknown_expression")
        elif SayWhen(self._goal.when) not in (SayWhen.QUEUE, SayWhen.NOW, SayWhen.INTERRUPT):
            self.end = SayEnd(reason="unknown_when")
        else:
            yield from self.tick(now_s)

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Follow it."""
        yield from self._speech.push(message, now_s)
        self._note()

    def tick(self, now_s: float) -> Iterable[Out]:
        """See SaidText.tick."""
        yield from self._speech.tick(now_s)
        self._note()

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Fall silent."""
        yield from self._speech.stop(reason, now_s)
        self._note()

    def _note(self) -> None:
        self.end, self.news = self._speech.end, self._speech.news
