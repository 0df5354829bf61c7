"""Local answers: what config/answers.yaml says, at once, with nothing but this computer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import yaml

from ..answers.file import Answers, load_answers_file
from ..answers.responses import ResponseHistory
from ..core.paths import share_file
from ..core.sessions import SessionTable
from ..core.types import Prompt
from .answer_books import AnswerBook, AnswerBooks
from .answers_settings import AnswersSettings
from .base import Answer, LlmSettings, WholeAnswer
from .understanding import MEANING, Understood


class LocalAnswers:
    """The embedded source of answers. Of a session it keeps which variants were used last, nothing that was said.

    now: the wall clock of the place where the kiosk stands.
    """

    remote = False

    def __init__(self, settings: LlmSettings, own: AnswersSettings, now: Callable[[], datetime] = datetime.now) -> None:
        self._settings = settings
        self._own = own
        self._now = now
        self._used: SessionTable[ResponseHistory] = SessionTable(ResponseHistory, own.session_ttl_s)
        self._counts = {"answered": 0, "by_meaning": 0, "asked": 0, "not_understood": 0}
        self._books: AnswerBooks | None = None
        self._last: tuple[Prompt, AnswerBook, Understood] | None = None
        #: By session: the speculative question, and what counts of it if its answer turns out to have been wanted.
        self._unheard: dict[str, tuple[str, Understood, ResponseHistory]] = {}

    def load(self) -> None:
        """Read the file, and learn what its questions mean. Raises ConfigError naming the line of a mistake."""
        if self._books is not None:
            return  # it may serve in two places: before a service, and behind one that fails
        rng = random.Random(self._own.seed or None)
        self._books = AnswerBooks(share_file(self._settings.answers_file), self._settings.locale, self._own, rng)

    def languages(self) -> tuple[str, ...]:
        """Of the file and its translations."""
        assert self._books is not None, "load() comes first"
        return self._books.locales()

    def knows(self, prompt: Prompt) -> bool:
        """Whether the file answers it."""
        return self._understood(prompt)[1].intent is not None

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """The whole answer."""
        book, understood = self._understood(prompt)
        used, locale = self._used.get(prompt.session, now_s), book.answers.locale
        self._settle(prompt, used)
        if prompt.speculative:
            used = replace(used, last=dict(used.last))
            self._unheard[prompt.session] = (prompt.text, understood, used)
        else:
            self._count(understood)
        if understood.asked is not None:
            return WholeAnswer(book.selector.ask(understood.asked, used), locale=locale)
        text = book.selector.select(understood.intent, used, prompt.history, self._now())
        return WholeAnswer(text, locale=locale)

    def expect(self, now_s: float) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """Counts, no words; which languages free words are understood in."""
        status = {f"local_{name}": str(count) for name, count in self._counts.items()}
        if self._books is not None:
            status["understands"] = self._books.own.understanding.describe()
            if warning := self._books.warning:
                status["warning"] = warning
        return status

    def forget(self, session: str) -> None:
        """Drop the session's variants."""
        self._used.drop(session)
        self._unheard.pop(session, None)

    def close(self) -> None:
        """Forget the file and what was learnt of it."""
        if self._books is not None:
            self._books.close()
        self._books = self._last = None

    def _understood(self, prompt: Prompt) -> tuple[AnswerBook, Understood]:
        assert self._books is not None, "load() comes first"
        if self._last is None or self._last[0] != prompt:
            self._last = (prompt, *self._books.find(prompt))
        return self._last[1:]

    def _settle(self, prompt: Prompt, used: ResponseHistory) -> None:
        """What was prepared last counts where the history has its question: it was heard, then, and nobody else's."""
        text, understood, then = self._unheard.pop(prompt.session, ("", None, None))
        asked = next((line.text for line in reversed(prompt.history) if line.role == "user"), "")
        if understood is not None and then is not None and _letters(text) == _letters(asked):
            used.last, used.misses = then.last, then.misses
            self._count(understood)

    def _count(self, understood: Understood) -> None:
        kind = "answered" if understood.intent else "asked" if understood.asked else "not_understood"
        self._counts[kind] += 1
        self._counts["by_meaning"] += understood.how == MEANING


def _letters(text: str) -> str:
    """Whatever case and marks a partial and a final transcript write the same words with."""
    return "".join(filter(str.isalnum, text.casefold()))


def load_answers(path: Path) -> Answers:
    """The file at `path`. Raises ConfigError where it cannot be read or used."""
    return load_answers_file(yaml, path)
