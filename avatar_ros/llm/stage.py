"""The llm stage: prompts in, replies out, and somebody else's answer while the service is down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from ..core.errors import LlmError
from ..core.stage import Out, Stage
from ..core.types import Interrupt, InterruptAction, Message, Prompt, Reply
from .base import LLM_BACKENDS, LanguageModel, LlmSettings


def local_time() -> datetime:
    """The time of day where the machine stands."""
    return datetime.now().astimezone()


class LlmStage(Stage):
    """Streams the backend's reply; every prompt gets a reply that ends with `final`.

    A backend that fails before its first piece is replaced by the fallback for this prompt and for `recovery_s`; one
    that fails later ends its reply where it broke off, since what was said cannot be unsaid.
    """

    def __init__(
        self,
        model: LanguageModel,
        fallback: LanguageModel | None,
        settings: LlmSettings,
        time_of_day: Callable[[], datetime] = local_time,
    ) -> None:
        super().__init__()
        self._model = model
        self._fallback = fallback
        self._settings = settings
        self._time_of_day = time_of_day
        self._retry_at_s = float("-inf")
        self._failure = ""
        self._now_answering: tuple[str, int, int] | None = None

    def load(self) -> None:
        """Load the backend and its fallback."""
        self._model.load()
        if self._fallback is not None:
            self._fallback.load()

    def push(self, topic: str, message: Message, now_s: float) -> Iterable[Out]:
        """Answer a prompt."""
        if isinstance(message, Prompt):
            self._now_answering = (message.session, message.epoch, message.turn)
            yield from self._numbered(message, self._pieces(message, now_s))
            self._now_answering = None

    def abort(self, order: Interrupt) -> None:
        """Break the stream of a cancelled turn; called from another thread."""
        answering = self._now_answering
        if order.action is not InterruptAction.CANCEL or answering is None:
            return
        session, epoch, turn = answering
        if order.session == session and (epoch, turn) <= (order.epoch, order.turn):
            self._model.abort()

    def status(self) -> Mapping[str, str]:
        """Who answers; a warning while it is the fallback."""
        if not self._failure:
            return {"answering": self._settings.backend}
        return {
            "answering": self._settings.fallback or "nobody",
            "warning": f"{self._settings.backend} fails ({self._failure}); {self._settings.fallback or 'nobody'} answers",
        }

    def close(self) -> None:
        """Free both."""
        self._model.close()
        if self._fallback is not None:
            self._fallback.close()

    def _numbered(self, prompt: Prompt, pieces: Iterator[str]) -> Iterator[Out]:
        seq = 0
        for text in pieces:
            if text:
                yield _reply(prompt, seq, text)
                seq += 1
        yield _reply(prompt, seq, "", final=True)

    def _pieces(self, prompt: Prompt, now_s: float) -> Iterator[str]:
        now = self._time_of_day()
        if self._fallback is not None and now_s < self._retry_at_s:
            yield from self._fallback.stream(prompt, now)
            return
        said = False
        try:
            for text in self._model.stream(prompt, now):
                said = said or bool(text.strip())
                yield text
            self._failure = ""
        except LlmError as error:
            self._failure = error.code
            self._retry_at_s = now_s + self._settings.recovery_s
            if self._fallback is None:
                raise
            if not said:
                yield from self._fallback.stream(prompt, now)


def _reply(prompt: Prompt, seq: int, text: str, *, final: bool = False) -> Out:
    return Out(
        "dialogue/reply",
        Reply(session=prompt.session, epoch=prompt.epoch, turn=prompt.turn, seq=seq, text=text, final=final),
    )


def build(settings: LlmSettings, time_of_day: Callable[[], datetime] = local_time) -> Stage:
    """The stage with the backend that the settings name, and its fallback where that is another one."""
    model = LLM_BACKENDS.load(settings.backend)(settings)
    needs_fallback = settings.backend == "openai" and settings.fallback
    fallback = LLM_BACKENDS.load(settings.fallback)(settings) if needs_fallback else None
    return LlmStage(model, fallback, settings, time_of_day)
