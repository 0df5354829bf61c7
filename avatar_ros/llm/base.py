"""What every source of answers shares: settings, the table of backends, and the two Protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..core.errors import LlmError
from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import Prompt

PORT = Port(subscribes=("dialogue/prompt", "mic/voice_activity"), publishes=("dialogue/reply",))
LLM_BACKENDS = Registry(
    "llm",
    {
        "answers": Backend("avatar_ros.llm.answers:LocalAnswers"),
        "openai": Backend("avatar_ros.llm.openai_chat:OpenAiChat", "openai"),
        "fake": Backend("avatar_ros.llm.fake:FakeChat"),
    },
)

SYSTEM_PROMPT = (
    "You are {name}, a talking avatar on the screen of a kiosk at {place}. It is {weekday}, {date}, {time}. "
    "What you write is spoken aloud at once: answer in one to three short sentences of plain spoken language, with no "
    "lists, no markup, no emoji, no web addresses, and numbers and abbreviations as one says them. "
    "Answer in the language of the last question ({locale}). "
    "You may begin a sentence with the face that goes with it, one word in square brackets: [happy], [sad], "
    "[surprised], [confused], [excited], [disappointed], [embarrassed] or [neutral]; use it sparingly. "
    "What you are asked comes from a speech recogniser and may contain wrong words; guess what was meant, and ask back "
    "if you cannot. Say so when you do not know something."
)


@dataclass(frozen=True)
class LlmSettings(Settings):
    """Parameters of the llm node. Keys are never parameters: key_variable names where one is kept."""

    backend: str = setting("answers", "source of answers: answers, openai or fake")
    fallback: str = setting("answers", "what answers while the backend fails; '' for nothing")
    answers_file: str = setting("config/answers.yaml", "questions and answers, YAML")
    fuzzy_threshold: float = setting(
        0.55, "answers: least likeness of a question that fits no pattern, 0-1; 1: none counts", low=0.1, high=1.0
    )
    seed: int = setting(0, "answers: start of the choice among variants; 0: another each time", low=0)
    session_ttl_s: float = setting(
        60.0, "answers: which variant was last used is forgotten after so long without a question, s", low=0.0
    )

    url: str = setting("https://api.openai.com/v1", "openai: address of the service, up to and including its version")
    model: str = setting("gpt-4o-mini", "openai: model")
    key_variable: str = setting(
        "OPENAI_API_KEY", "openai: environment variable, or line of env_file, that holds the key; '' for no key"
    )
    env_file: str = setting(".env", "openai: file of NAME=value lines, read where the environment lacks the variable")
    system_prompt: str = setting(
        SYSTEM_PROMPT,
        "openai: what the model is told first, with {name} {place} {time} {date} {weekday} {locale} filled in",
    )
    name: str = setting("Ava", "openai: name of the avatar, for system_prompt")
    place: str = setting("a visitor centre", "openai: where it stands, for system_prompt")
    history_messages: int = setting(20, "openai: messages of the conversation sent along, at most", low=0, high=200)
    temperature: float = setting(0.7, "openai: 0 always the same words, 2 wild; negative: the service's own", high=2.0)
    max_tokens: int = setting(300, "openai: longest answer, tokens; 0: the service's own", low=0)
    max_tokens_name: str = setting(
        "max_tokens",
        "openai: how the service calls max_tokens",
        choices=("max_tokens", "max_completion_tokens"),
    )
    extra_body: str = setting("", "openai: JSON object of further fields of the request, '' for none")
    connect_timeout_s: float = setting(3.0, "openai: longest wait for a connection, s", low=0.05, high=60.0)
    first_token_timeout_s: float = setting(6.0, "openai: longest wait for the first word, s", low=0.05, high=120.0)
    gap_timeout_s: float = setting(5.0, "openai: longest wait between two words, s", low=0.05, high=60.0)
    patience_s: float = setting(
        9.0, "openai: retries included, the fallback answers after so long without a word, s", low=0.05, high=120.0
    )
    retries: int = setting(2, "openai: further tries before the first word", low=0, high=10)
    backoff_s: float = setting(0.3, "openai: pause before the first retry, doubled for each further one, s", low=0.0)
    probe_after_s: float = setting(
        15.0, "openai: after it failed, the service is tried again by the first question after so long, s", low=0.0
    )
    probe_timeout_s: float = setting(2.0, "openai: longest wait for the first word of such a try, s", low=0.05)
    fake_script: tuple[str, ...] = setting(("You said: {text}",), "fake: its answers in turn; {text} is what was asked")
    fake_delay_s: float = setting(0.2, "fake: before the first word, s", low=0.0)
    fake_gap_s: float = setting(0.02, "fake: between two words, s", low=0.0)
    parallel: int = setting(16, "openai: answers under way at once; beyond that the fallback answers", low=1, high=256)


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


class Chat(Protocol):
    """A source of answers. It keeps no conversation: a Prompt brings its history.

    remote: it may fail where the kiosk itself is well, so a fallback makes sense.
    """

    remote: bool

    def __init__(self, settings: LlmSettings) -> None: ...

    def load(self) -> None:
        """Get ready to answer at once. Raises ConfigError or LlmError."""

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Begin to answer; never waits. wake: called, from any thread, when there is something to take."""

    def expect(self, now_s: float) -> None:
        """The user has begun to speak: a prompt may come in a second or two. Never waits."""

    def status(self) -> Mapping[str, str]:
        """What /diagnostics should say; "warning" where answers are degraded."""

    def forget(self, session: str) -> None:
        """Drop what is kept of a closed session."""

    def close(self) -> None:
        """Free what `load` took."""


class WholeAnswer:
    """Gives its text, or its failure, at the first `take`."""

    def __init__(self, text: str = "", failure: LlmError | None = None) -> None:
        self._text = text
        self._failure = failure
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
