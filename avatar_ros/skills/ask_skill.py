"""The skill Ask: a question and its answer. What is not understood, or not answered, is asked once again."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.enums import SayWhen
from ..core.events import Say
from ..core.stage import Out
from ..core.topics import Message
from .choices import Choices
from .goals import AskEnd, AskGoal, AskNews, AskPhase, SayPhase
from .hearing import Hearing
from .said_text import ID_PREFIX, SaidText
from .skill import HEARING, SPEAKING, Skill, Surroundings, is_expression

_MOST_ASKED = 2
#: Ends of the question's words after which its answer may come all the same: it was cut off by it.
_ANSWERED_OVER = frozenset({"interrupted"})


class AskSkill(Skill):
    """One at a time, with Listen. What is said over the question is its answer."""

    group = "hearing"
    topics = SPEAKING | HEARING

    def __init__(self, goal: AskGoal, around: Surroundings) -> None:
        super().__init__()
        self._goal = goal
        self._around = around
        self._asked = 0
        self._answer = ""
        self._stopped = ""
        self._speech: SaidText | None = None
        self._hearing: Hearing | None = None
        self._choices = Choices(goal.choices[: around.settings.phrase_limit], goal.locale or around.settings.locale)

    def begin(self, now_s: float) -> Iterable[Out]:
        """Refuse what cannot be; else ask."""
        if not is_expression(self._goal.expression):
            self._finish("unknown_expression")
        elif len(self._goal.choices) > self._around.settings.phrase_limit:
            self._finish("too_many_phrases")
        elif self._goal.choices and not self._choices:
            self._finish("empty_choices")
        else:
            yield from self._ask(now_s)

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Follow the question, and hear the answer."""
        if self._speech is not None:
            yield from self._speech.push(message, now_s)
        if self._hearing is not None:
            self._hearing.push(message, now_s)
        yield from self._step(now_s)

    def tick(self, now_s: float) -> Iterable[Out]:
        """Lose patience."""
        if self._speech is not None:
            yield from self._speech.tick(now_s)
        yield from self._step(now_s)

    def stop(self, reason: str, now_s: float) -> Iterable[Out]:
        """Fall silent, and wait for no answer."""
        if self.end is not None or self._stopped:
            return
        self._stopped = reason
        if self._hearing is not None:
            yield from self._hearing.end()
        if self._speech is not None:
            yield from self._speech.stop(reason, now_s)
        yield from self._step(now_s)

    # --- machinery ------------------------------------------------------------------------------------------------

    def _ask(self, now_s: float) -> Iterable[Out]:
        goal, settings = self._goal, self._around.settings
        self._asked += 1
        self._hearing = None
        id_ = f"{ID_PREFIX}{self._around.id}/{self._asked}"
        say = Say(settings.session, id_, goal.question, SayWhen.QUEUE, goal.locale, goal.expression)
        self._speech = SaidText(say, self._around.observed, settings.dialogue_wait_s)
        yield from self.tick(now_s)

    def _step(self, now_s: float) -> Iterable[Out]:
        if self.end is not None:
            return
        if self._stopped:
            if self._speech is None or self._speech.end is not None:
                self._finish(self._stopped)
            return
        yield from self._follow_question(now_s)
        if self.end is None and self._hearing is not None and self._speech is None:
            yield from self._follow_answer(self._hearing, now_s)
        hearing = self._hearing
        phase = (
            AskPhase.ASKING if self._speech else AskPhase.HEARING if hearing and hearing.speaking else AskPhase.WAITING
        )
        self.news = AskNews(phase, max(1, self._asked), hearing.partial if hearing is not None else "")

    def _follow_question(self, now_s: float) -> Iterable[Out]:
        """While it is said the answer may come; when it is over, it is waited for."""
        speech = self._speech
        if speech is None:
            return
        if self._hearing is None and speech.phase is not SayPhase.WAITING:
            self._hearing = Hearing(self._around.observed, self._around.settings.session, self._goal.timeout_s)
        if self._hearing is not None and speech.end is None:
            yield from self._hearing.claim(now_s)
            return
        if speech.end is None:
            return
        self._speech = None
        if not speech.end.done and speech.end.reason not in _ANSWERED_OVER:
            yield from self._end(speech.end.reason)
            return
        self._hearing = self._hearing or Hearing(
            self._around.observed, self._around.settings.session, self._goal.timeout_s
        )
        yield from self._hearing.begin(now_s)

    def _follow_answer(self, hearing: Hearing, now_s: float) -> Iterable[Out]:
        yield from hearing.tick(now_s)
        if not hearing.over:
            return
        said = hearing.transcript
        self._answer = said.text if said is not None else ""
        choice = self._choices.find(self._answer) if self._choices else -1
        if said is not None and not said.rejected and (choice >= 0 or not self._choices):
            self.end = AskEnd(True, said.text, choice, self._asked)
            yield from hearing.end()
            return
        reason = hearing.fault or ("not_understood" if said is None or said.rejected else "no_phrase")
        if self._asked < _MOST_ASKED and reason in ("timeout", "not_understood", "no_phrase"):
            yield from self._ask(now_s)
        else:
            yield from self._end(reason)

    def _end(self, reason: str) -> Iterable[Out]:
        self._finish(reason)
        if self._hearing is not None:
            yield from self._hearing.end()

    def _finish(self, reason: str) -> None:
        self.end = AskEnd(answer=self._answer, asked=self._asked, reason=reason)
