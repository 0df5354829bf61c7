"""A remote source of answers with a local fallback that answers what the first could not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..core.errors import LlmError
from ..core.fallback import fallback_warning
from ..core.types import Prompt
from .base import Answer, Chat, Confirmable, LlmSettings, NamesLanguage
from .service_errors import BrokenOffError


class ChatWithFallback:
    """Asks the service; where it fails before its first word, the fallback answers the same prompt.

    When to leave a failing service alone, and when to try it again, is decided by circuit_breaker.py: the service then
    fails at once. Once a word has been passed on nothing else is said: an answer that breaks off ends there, and raises
    BrokenOffError.
    """

    remote = True

    def __init__(self, service: Chat, fallback: Chat, settings: LlmSettings) -> None:
        self._service = service
        self._fallback = fallback
        self._settings = settings
        self._switched = 0

    def load(self) -> None:
        """Load both: the fallback must be ready when it is needed."""
        self._fallback.load()
        self._service.load()

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Begin with the service."""

        def turn_to_fallback(at_s: float) -> Answer:
            self._switched += 1
            return self._fallback.ask(prompt, at_s, wake)

        return _AnswerWithFallback(self._service.ask(prompt, now_s, wake), turn_to_fallback)

    def expect(self, now_s: float) -> None:
        """The service may have to wake up; the fallback is always ready."""
        self._service.expect(now_s)

    def status(self) -> Mapping[str, str]:
        """Of the service; how often the fallback had to answer."""
        service = self._service.status()
        status = {**self._fallback.status(), **service}
        if self._switched:
            status["fallback_answers"] = str(self._switched)
        if why := service.get("warning"):
            status["warning"] = fallback_warning(self._settings.backend, self._settings.fallback, why)
        return status

    def forget(self, session: str) -> None:
        """In both."""
        self._service.forget(session)
        self._fallback.forget(session)

    def close(self) -> None:
        """Close both."""
        self._service.close()
        self._fallback.close()


class _AnswerWithFallback:
    def __init__(self, answer: Answer, turn_to_fallback: Callable[[float], Answer]) -> None:
        self._answer = answer
        self._turn_to_fallback = turn_to_fallback
        self._fell_back = False
        self._spoke = False
        self._closed = False

    @property
    def done(self) -> bool:
        return self._answer.done

    @property
    def locale(self) -> str:
        return self._answer.locale if isinstance(self._answer, NamesLanguage) else ""

    def take(self, now_s: float) -> Sequence[str]:
        if self._fell_back:
            return self._answer.take(now_s)
        try:
            pieces = self._answer.take(now_s)
        except LlmError as error:
            if self._closed:
                return ()
            if isinstance(error, BrokenOffError):
                raise
            if self._spoke:
                raise BrokenOffError(error.code, error.text, retryable=error.retryable) from error
            self._fell_back = True
            self._answer = self._turn_to_fallback(now_s)
            return self._answer.take(now_s)
        self._spoke = self._spoke or any(pieces)
        return pieces

    def confirm(self, now_s: float) -> None:
        if isinstance(self._answer, Confirmable):
            self._answer.confirm(now_s)

    def close(self) -> None:
        self._closed = True
        self._answer.close()
