"""Options of backend `openai`; apart from it, since it imports a large library."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.locales import AUTO
from ..core.settings import Settings, setting

SYSTEM_PROMPT = (
    "You are {name}, a talking avatar on the screen of a kiosk at {place}. It is {weekday}, {date}, {time}. "
    "What you write is spoken aloud at once: answer in one to three short sentences of plain spoken language, with no "
    "lists, no markup, no emoji, no web addresses, and numbers and abbreviations as one says them. "
    "Answer in the language of the last question ({locale}). "
    "You may begin a sentence with the face that goes with it, one word in square brackets: [happy], [sad], "
    "[surprised], [confused], [excited], [disappointed], [embarrassed] or [neutral]; or with a movement: [nod], "
    "[shake], [shrug], [wink], [laugh] or [think]; use them sparingly. "
    "What you are asked comes from a speech recogniser and may contain wrong words; guess what was meant, and ask back "
    "if you cannot. Say so when you do not know something."
)


@dataclass(frozen=True)
class OpenAiSettings(Settings):
    """The service, what it is told, and how long it is waited for. The key is no parameter: key_variable names it."""

    url: str = setting("https://api.openai.com/v1", "address of the service, up to and including its version")
    model: str = setting("gpt-4o-mini", "model", live=True)
    key_variable: str = setting(
        "OPENAI_API_KEY",
        "environment variable, or line of env_file, that holds the key; '' for no key",
    )
    env_file: str = setting(".env", "file of NAME=value lines, read where the environment lacks the variable")
    system_prompt: str = setting(
        SYSTEM_PROMPT,
        "what the model is told first, with {name} {place} {time} {date} {weekday} {locale} filled in",
        live=True,
    )
    name: str = setting("Robin", "name of the avatar, for system_prompt", live=True)
    place: str = setting("a visitor centre", "where it stands, for system_prompt", live=True)
    history_messages: int = setting(20, "messages of the conversation sent along, at most", low=0, high=200, live=True)
    temperature: float = setting(
        0.7, "0 always the same words, 2 wild; negative: the service's own", high=2.0, live=True
    )
    max_tokens: int = setting(300, "longest answer, tokens; 0: the service's own", low=0, live=True)
    max_tokens_name: str = setting(
        "max_tokens",
        "how the service calls max_tokens",
        choices=("max_tokens", "max_completion_tokens"),
    )
    extra_body: str = setting("", "JSON object of further fields of the request, '' for none")
    connect_timeout_s: float = setting(3.0, "longest wait for a connection, s", low=0.05, high=60.0)
    first_token_timeout_s: float = setting(6.0, "longest wait for the first word, s", low=0.05, high=120.0)
    gap_timeout_s: float = setting(5.0, "longest wait between two words, s", low=0.05, high=60.0)
    patience_s: float = setting(
        9.0,
        "retries included, the fallback answers after so long without a word, s",
        low=0.05,
        high=120.0,
    )
    retries: int = setting(2, "further tries before the first word", low=0, high=10)
    backoff_s: float = setting(0.3, "pause before the first retry, doubled for each further one, s", low=0.0)
    probe_after_s: float = setting(
        15.0,
        "after it failed, the service is tried again by the first question after so long, s",
        low=0.0,
    )
    probe_timeout_s: float = setting(2.0, "longest wait for the first word of such a try, s", low=0.05)
    tools: str = setting("", "YAML file of the robot's tools that the model may call (docs/tools.md); '' for none")
    tool_rounds: int = setting(4, "times that a question's answer may call tools, one after another", low=1, high=32)
    waiting: str = setting(
        AUTO,
        f"said while a tool takes longer; '' for nothing; {AUTO}: of the language's file in config/locales",
        live=True,
    )
    waiting_after_s: float = setting(0.8, "after so long without a word it is said, s", low=0.0, high=60.0, live=True)
    waiting_again_s: float = setting(
        8.0, "and again after so long; less than dialogue_node's think_patience_s, s", low=1.0, high=300.0, live=True
    )
    parallel: int = setting(
        16,
        "answers under way at once; beyond that the fallback answers",
        low=1,
        high=256,
    )
