"""What a language model is here, its settings, and where the backends live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..core.registry import Backend, Registry
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import Prompt

PORT = Port(takes=("dialogue/prompt",), gives=("dialogue/reply",))

LLM_BACKENDS = Registry(
    "llm",
    {
        "answers": Backend("avatar_ros.llm.answers:AnswersLlm", "pip install pyyaml"),
        "openai": Backend("avatar_ros.llm.openai_api:OpenAiLlm", "pip install openai"),
        "fake": Backend("avatar_ros.llm.fake:FakeLlm"),
    },
)


@dataclass(frozen=True)
class LlmSettings(Settings):
    """Parameters of the llm node."""

    backend: str = setting("answers", "who answers: answers (the local file), openai (any compatible API), fake")
    fallback: str = setting("answers", "who answers while the backend fails; empty: nobody", choices=("answers", "fake", ""))
    answers_file: str = setting("config/answers.yaml", "questions and answers; relative to the package's share folder")
    match_threshold: float = setting(
        0.72, "likeness from which a typed question counts as one of the file's", low=0.3, high=1.0
    )
    base_url: str = setting("", "openai: the service's address; empty: OpenAI's own")
    model: str = setting("gpt-4o-mini", "openai: the model's name")
    key_variable: str = setting("OPENAI_API_KEY", "openai: environment variable (or line of .env) that holds the key")
    env_file: str = setting(".env", "openai: file of NAME=value lines to look the key up in; empty: none")
    system_prompt: str = setting(
        "You are {name}, a friendly avatar who talks with visitors. Answer in one or two short spoken sentences, "
        "without lists or markup. You may start a sentence with [happy], [sad] or [surprised].",
        "openai: instruction; {name} and {place} are filled in from the answers file, {date} and {time} from the clock",
    )
    history_messages: int = setting(12, "openai: how many earlier messages go with a question", low=0, high=200)
    temperature: float = setting(0.6, "openai: randomness of the answer", low=0.0, high=2.0)
    max_tokens: int = setting(200, "openai: longest answer, tokens", low=1, high=8192)
    connect_timeout_s: float = setting(3.0, "openai: to reach the service, s", low=0.05, high=60.0)
    read_timeout_s: float = setting(8.0, "openai: without a new piece of the answer, s", low=0.05, high=120.0)
    retries: int = setting(2, "openai: tries after the first that failed before it said anything", low=0, high=10)
    backoff_s: float = setting(0.3, "openai: wait before the second try, doubled before each further one, s", low=0.0, high=10.0)
    max_backoff_s: float = setting(2.0, "openai: longest wait between tries, also when the service asks for more, s", low=0.0, high=60.0)
    recovery_s: float = setting(15.0, "after a failure the fallback answers for this long, then the service is tried again, s", low=0.0, high=3600.0)
    script: str = setting("Hello there. I am a scripted answer.", "fake backend: what it says to everything")


class LanguageModel(Protocol):
    """A backend. It keeps nothing between prompts."""

    def load(self) -> None:
        """Get ready. Raises ConfigError with what to do."""
        ...

    def stream(self, prompt: Prompt, now: datetime) -> Iterator[str]:
        """The reply in pieces, as soon as they exist; `now` is the time of day where the avatar stands.

        Raises LlmError, also after some pieces.
        """
        ...

    def abort(self) -> None:
        """Break the stream that is being read, from another thread; it ends without an error."""
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...
