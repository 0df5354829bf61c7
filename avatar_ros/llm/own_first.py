"""The answers file before a language model: what the file answers costs nothing and is known to be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ..core.types import Prompt
from .base import Answer, Chat


class OwnAnswers(Chat, Protocol):
    """A source that says beforehand whether it knows."""

    def knows(self, prompt: Prompt) -> bool:
        """Whether it answers this prompt itself."""


class ChatWithOwnAnswers:
    """Asks the file first; whatever it does not answer for sure goes to the model."""

    def __init__(self, own: OwnAnswers, model: Chat) -> None:
        self._own = own
        self._model = model
        self._passed_on = 0
        self.remote = model.remote

    def load(self) -> None:
        """Load both."""
        self._own.load()
        self._model.load()

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """From the file, or else from the model."""
        if self._own.knows(prompt):
            return self._own.ask(prompt, now_s, wake)
        self._passed_on += 1
        return self._model.ask(prompt, now_s, wake)

    def expect(self, now_s: float) -> None:
        """The model may have to wake up."""
        self._model.expect(now_s)

    def status(self) -> Mapping[str, str]:
        """Of both; both warnings, where there are two."""
        own, model = self._own.status(), self._model.status()
        warnings = dict.fromkeys(filter(None, (own.get("warning"), model.get("warning"))))
        status = {**own, **model, "passed_on": str(self._passed_on)}
        return {**status, "warning": "; ".join(warnings)} if warnings else status

    def forget(self, session: str) -> None:
        """In both."""
        self._own.forget(session)
        self._model.forget(session)

    def close(self) -> None:
        """Close both."""
        self._own.close()
        self._model.close()
