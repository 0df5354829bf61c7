"""What every source of answers shares: settings, the table of backends, and the two Protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..core.errors import LlmError
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import Prompt, Reply, Sentence

PORT = Port(subscribes=("dialogue/prompt", "mic/voice_activity"), publishes=("dialogue/reply", "speech/draft", "offer"))


@dataclass(frozen=True)
class LlmSettings(Settings):
    """Parameters of the llm node."""

    backend: str = setting("answers", "source of answers: answers, openai or fake")
    fallback: str = setting("answers", "what answers while the backend fails; '' for nothing")
    answers_file: str = setting(
        "config/answers.yaml", "questions and answers, YAML; translations of it: config/answers/de.yaml, …"
    )
    locale: str = setting("en-US", "the kiosk's language, whose translation of the answers file is used; BCP 47")
    own_answers_first: bool = setting(False, "what the answers file answers, it answers; the rest goes to the backend")


class Answer(Protocol):
    """One answer, under way. All but `close` are called on the stage's thread; done: nothing more will come."""

    @property
    def done(self) -> bool: ...

    def take(self, now_s: float) -> Sequence[str]:
        """The pieces of text that came since the last call, and what is due by time.

        Raises LlmError, once, where the answer failed; it is then done, and what came before stands.
        """

    def close(self) -> None:
        """Give it up at once; from any thread, any number of times."""


@runtime_checkable
class NamesLanguage(Protocol):
    """An Answer that knows which language it is in, BCP 47; "": the prompt's."""

    @property
    def locale(self) -> str: ...


@runtime_checkable
class Confirmable(Protocol):
    """An Answer to a speculative prompt that does more once it is known to be wanted."""

    def confirm(self, now_s: float) -> None:
        """It is wanted, and may be heard."""


class Chat(Protocol):
    """A source of answers, made as `Class(settings)` or `Class(settings, own)`.

    It keeps no conversation: a Prompt brings its history.

    remote: it may fail where the kiosk itself is well, so a fallback makes sense.
    """

    remote: bool

    def load(self) -> None:
        """Get ready to answer at once. Raises ConfigError or LlmError."""

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Begin to answer; never waits. wake: called, from any thread, when there is something to take.

        prompt.speculative: words only, and no effect on the world: the user may not be done, or never have wanted it.
        """

    def expect(self, now_s: float) -> None:
        """The user has begun to speak: a prompt may come in a second or two. Never waits."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say; "warning" where answers are degraded."""

    def forget(self, session: str) -> None:
        """Drop what is kept of a closed session."""

    def close(self) -> None:
        """Free what `load` took."""


@runtime_checkable
class AnswersLanguages(Protocol):
    """A Chat that answers in some languages only."""

    def languages(self) -> tuple[str, ...]:
        """Which, BCP 47, its own first; () for any. Counts once it is loaded."""


class Draft(Protocol):
    """The first sentence of one answer, as the dialogue will cut it."""

    def feed(self, piece: Reply) -> Sentence | None:
        """The sentence, once, when this piece completes it; None before, after, and where it cannot be known."""


class WholeAnswer:
    """Gives its text, or its failure, at the first `take`."""

    def __init__(self, text: str = "", failure: LlmError | None = None, locale: str = "") -> None:
        self._text = text
        self._failure = failure
        self.locale = locale
        self.done = False

    def take(self, now_s: float) -> Sequence[str]:
        """The text, once. Raises the failure, once."""
        if self.done:
            return ()
        self.done = True
        if self._failure is not None:
            raise self._failure
        return (self._text,)

    def close(self) -> None:
        """Nothing is under way."""
        self.done = True


LLM_BACKENDS = Registry(
    "llm",
    Chat,
    {
        "answers": Backend(
            "avatar_ros.llm.answers:LocalAnswers", settings="avatar_ros.llm.answers_settings:AnswersSettings"
        ),
        "openai": Backend(
            "avatar_ros.llm.openai_chat:OpenAiChat",
            "openai",
            ("openai", "httpx2"),
            "avatar_ros.llm.openai_settings:OpenAiSettings",
        ),
        "fake": Backend("avatar_ros.llm.fake:FakeChat", settings="avatar_ros.llm.fake:FakeSettings"),
    },
)
