"""Local answers: what config/answers.yaml says, at once, with nothing but this computer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from ..answers.file import Answers, load_answers_file
from ..answers.matcher import Matcher
from ..answers.responses import ResponseHistory, ResponseSelector
from ..core.paths import share_file
from ..core.sessions import SessionTable
from ..core.settings import Settings, setting
from ..core.types import Prompt
from .base import Answer, LlmSettings, WholeAnswer


@dataclass(frozen=True)
class AnswersSettings(Settings):
    """Options of backend `answers`."""

    fuzzy_threshold: float = setting(
        0.55,
        "least likeness of a question that fits no pattern, 0-1; 1: none counts",
        low=0.1,
        high=1.0,
    )
    seed: int = setting(0, "start of the choice among variants; 0: another each time", low=0)
    session_ttl_s: float = setting(
        60.0,
        "which variant was last used is forgotten after so long without a question, s",
        low=0.0,
    )


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
        self._counts = {"answered": 0, "not_understood": 0, "prepared": 0}
        self._matcher: Matcher | None = None
        self._selector: ResponseSelector | None = None

    def load(self) -> None:
        """Read the file. Raises ConfigError naming the line of a mistake."""
        answers = load_answers(share_file(self._settings.answers_file))
        self._matcher = Matcher(answers, self._own.fuzzy_threshold)
        self._selector = ResponseSelector(answers, random.Random(self._own.seed or None))

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """The whole answer."""
        assert self._matcher is not None and self._selector is not None, "load() comes first"
        intent = None if prompt.rejected else self._matcher.find(prompt.text)
        self._counts["prepared" if prompt.speculative else "answered" if intent else "not_understood"] += 1
        used = self._used.get(prompt.session, now_s)
        return WholeAnswer(self._selector.select(intent, used, prompt.history, self._now()))

    def expect(self, now_s: float) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """Counts, no words."""
        return {f"local_{name}": str(count) for name, count in self._counts.items()}

    def forget(self, session: str) -> None:
        """Drop the session's variants."""
        self._used.drop(session)

    def close(self) -> None:
        """Forget the file."""
        self._matcher = self._selector = None


def load_answers(path: Path) -> Answers:
    """The file at `path`. Raises ConfigError where it cannot be read or used."""
    return load_answers_file(yaml, path)
