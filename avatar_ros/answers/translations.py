"""An answers file and its translations: answers.yaml, and answers/de.yaml, answers/fr.yaml … in a folder beside it.

A file of one's own without such a folder has no translations: it is used whatever language is asked in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.locales import language_code
from .file import Answers, load_answers_file
from .matcher import Matcher
from .responses import ResponseSelector


@dataclass(frozen=True, eq=False)
class AnswerBook:
    """One file, ready to be asked."""

    answers: Answers
    matcher: Matcher
    selector: ResponseSelector


def translated(path: Path, locale: str) -> Path:
    """The file for a language: the translation of the answers file at `path`, or that file itself."""
    translation = path.with_suffix("") / f"{language_code(locale)}.yaml"
    return translation if language_code(locale) and translation.is_file() else path


class AnswerBooks:
    """The books of a kiosk, each read when it is first asked for.

    yaml: the module; path: of the answers file; threshold: as of Matcher; rng: of the choice among variants.
    """

    def __init__(self, yaml: Any, path: Path, threshold: float, rng: random.Random) -> None:
        self._yaml = yaml
        self._path = path
        self._threshold = threshold
        self._rng = rng
        self._books: dict[Path, AnswerBook] = {}
        self.problems: dict[Path, str] = {}  # translations that cannot be used, and why

    def own(self, locale: str) -> AnswerBook:
        """The kiosk's own book, in its language where there is a translation. Raises ConfigError."""
        return self._book(translated(self._path, locale))

    def of(self, locale: str) -> AnswerBook | None:
        """The book in the language of `locale`; None where there is none, or it is wrong, which `problems` says."""
        path = translated(self._path, locale)
        if path in self.problems:
            return None
        try:
            book = self._book(path)
        except ConfigError as error:
            self.problems[path] = error.text
            return None
        return book if language_code(book.answers.locale) == language_code(locale) else None

    def _book(self, path: Path) -> AnswerBook:
        if path not in self._books:
            answers = load_answers_file(self._yaml, path)
            self._books[path] = AnswerBook(
                answers, Matcher(answers, self._threshold), ResponseSelector(answers, self._rng)
            )
        return self._books[path]
