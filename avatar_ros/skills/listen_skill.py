"""The skill Listen: what a person says next."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.stage import Out
from ..core.topics import Message
from ..core.types import Transcript
from .choices import Choices
from .goals import HearPhase, ListenEnd, ListenGoal, ListenNews
from .hearing import Hearing
from .skill import HEARING, Skill, Surroundings


class ListenSkill(Skill):
    """One at a time, with Ask."""

    group = "hearing"
    topics = HEARING

    def __init__(self, goal: ListenGoal, around: Surroundings) -> None:
        super().__init__()
        settings = around.settings
        self._too_many = len(goal.phrases) > settings.phrase_limit
        self._phrases = None if self._too_many else Choices(goal.phrases, goal.locale or settings.locale)
        self._hearing = Hearing(around.observed, settings.session, goal.timeout_s)

    def begin(self, now_s: float) -> Iterable[Out]:
        """Claim what is said."""
        if self._too_many:
            self.end = ListenEnd(reason="too_many_phrases")
            return
        yield from self._hearing.begin(now_s)
        yield from self._note()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Hear it."""
        self._hearing.push(message, now_s)
        yield from self._note()

    def tick(self, now_s: float) -> Iterable[Out]:
        """Lose patience."""
        yield from self._hearing.tick(now_s)
        yield from self._note()

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Leave what is said to the avatar."""
        if self.end is None:
            self.end = ListenEnd(reason=reason)
            yield from self._hearing.end()

    def _note(self) -> Iterable[Out]:
        if self.end is not None:
            return
        hearing = self._hearing
        self.news = ListenNews(HearPhase.HEARING if hearing.speaking else HearPhase.WAITING, hearing.partial)
        if hearing.over:
            said = hearing.transcript
            self.end = self._understood(said) if said is not None else ListenEnd(reason=hearing.fault)
            yield from hearing.end()

    def _understood(self, said: Transcript) -> ListenEnd:
        phrase = self._phrases.find(said.text) if self._phrases else -1
        reason = "not_understood" if said.rejected else "no_phrase" if self._phrases and phrase < 0 else ""
        return ListenEnd(not reason, said.text, phrase, said.confidence, said.locale, said.emotion, reason)
