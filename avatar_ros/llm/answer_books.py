"""The answers file and its translations, each ready to be asked, and which of them a prompt is for."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from ..answers.file import Answers, load_answers_file
from ..answers.responses import ResponseSelector
from ..answers.translations import translated
from ..core.errors import ConfigError
from ..core.locales import languages, same_language
from ..core.types import Prompt
from .answers_settings import AnswersSettings
from .understanding import Understanding, Understood


@dataclass(frozen=True, eq=False)
class AnswerBook:
    """One file."""

    answers: Answers
    understanding: Understanding
    selector: ResponseSelector


class AnswerBooks:
    """The kiosk's own book, read now, and those of other languages, each read when it is first asked for.

    path: of the answers file; locale: the kiosk's; rng: of the choice among variants. Raises ConfigError naming the
    line of a mistake. Other languages are understood by patterns and likeness: to learn a file takes seconds.
    """

    def __init__(self, path: Path, locale: str, own: AnswersSettings, rng: random.Random) -> None:
        self._path = path
        self._settings = own
        self._rng = rng
        self._others: dict[Path, AnswerBook | None] = {}
        self._problems: list[str] = []  # translations that cannot be used, and why
        self._own_path = translated(path, locale)
        self.own = self._read(self._own_path, own)

    @property
    def warning(self) -> str:
        """What is wrong with the books; "" for nothing."""
        return "; ".join(filter(None, (self.own.understanding.warning, *self._problems)))

    def locales(self) -> tuple[str, ...]:
        """Languages that there are files in, the kiosk's own first; the others by their codes."""
        own = self.own.answers.locale
        others = (code for code in languages() if translated(self._path, code) not in (self._path, self._own_path))
        return (own, *(code for code in others if not same_language(code, own)))

    def of(self, locale: str) -> AnswerBook | None:
        """The book in the language of `locale`; None where there is none, or it is wrong, which `warning` says."""
        path = translated(self._path, locale)
        book = self.own if path == self._own_path else self._other(path)
        return book if book is not None and same_language(book.answers.locale, locale) else None

    def find(self, prompt: Prompt) -> tuple[AnswerBook, Understood]:
        """What is asked, in the language that it was heard in, else in the kiosk's: recognisers guess languages."""
        spoken = self.of(prompt.locale) or self.own
        found = spoken.understanding.find(prompt)
        if spoken is not self.own and found.intent is None and not prompt.rejected:
            in_own = self.own.understanding.find(prompt)
            if in_own.intent is not None:
                return self.own, in_own
        return spoken, found

    def close(self) -> None:
        """Free what was learnt."""
        for book in (self.own, *self._others.values()):
            if book is not None:
                book.understanding.close()

    def _other(self, path: Path) -> AnswerBook | None:
        if path not in self._others:
            try:
                self._others[path] = self._read(path, replace(self._settings, meaning=""))
            except ConfigError as error:
                self._others[path] = None
                self._problems.append(error.text)
        return self._others[path]

    def _read(self, path: Path, own: AnswersSettings) -> AnswerBook:
        answers = load_answers_file(yaml, path)
        understanding = Understanding(answers, own)
        understanding.load()
        return AnswerBook(answers, understanding, ResponseSelector(answers, self._rng))
