"""The answers file and what is only prepared: what nobody heard leaves no trace in the variants, or in the counts."""

from __future__ import annotations

from avatar_ros.core.types import ChatMessage, Prompt
from avatar_ros.llm.answers import LocalAnswers
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings

NONSENSE = "zyx wvu"


def answers() -> LocalAnswers:
    made = LLM_BACKENDS.make("answers", LlmSettings(), own=LLM_BACKENDS.options("answers", seed=1))
    assert isinstance(made, LocalAnswers)
    made.load()
    return made


def ask(chat: LocalAnswers, text: str, heard: tuple[str, ...] = (), *, speculative: bool = False) -> str:
    lines = tuple(ChatMessage(role, line) for role, line in zip(("user", "assistant") * 9, heard, strict=False))
    prompt = Prompt(text=text, history=lines, speculative=speculative)
    return "".join(chat.ask(prompt, 0.0, lambda: None).take(0.0))


def test_what_was_thrown_away_is_no_misunderstanding() -> None:
    told, fresh = answers(), answers()
    for _ in range(5):
        ask(told, NONSENSE, speculative=True)
    assert told.status()["local_not_understood"] == "0"
    assert told._used.get("local", 0.0) == fresh._used.get("local", 0.0)


def test_what_was_wanted_counts_as_soon_as_the_history_has_it() -> None:
    chat = answers()
    reply = ask(chat, NONSENSE, speculative=True)
    ask(chat, NONSENSE, ("Zyx, wvu?", reply))
    assert chat._used.get("local", 0.0).misses == 2
    assert chat.status()["local_not_understood"] == "2"
