"""What is sent to a chat service for a prompt."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ..answers.file import PLACEHOLDER
from ..core.errors import ConfigError
from ..core.types import Prompt
from ..core.url_check import check_url
from .openai_settings import OpenAiSettings

_NOT_UNDERSTOOD = "(Something was said to you that the speech recogniser did not understand. Ask for it again.)"


def request(settings: OpenAiSettings, extra: dict[str, Any], prompt: Prompt, now: datetime) -> dict[str, Any]:
    """Arguments of `chat.completions.create`. now: wall clock of the place, told to the model."""
    body: dict[str, Any] = {"model": settings.model, "messages": messages(settings, prompt, now), "stream": True}
    if settings.temperature >= 0:
        body["temperature"] = settings.temperature
    if settings.max_tokens:
        body[settings.max_tokens_name] = settings.max_tokens
    return {**body, "extra_body": extra} if extra else body


def messages(settings: OpenAiSettings, prompt: Prompt, now: datetime) -> list[dict[str, str]]:
    """System prompt, the end of the history, and the question."""
    kept = prompt.history[-settings.history_messages :] if settings.history_messages else ()
    lines = [{"role": line.role, "content": line.text} for line in kept]
    question = _NOT_UNDERSTOOD if prompt.rejected or not prompt.text.strip() else prompt.text
    system = system_prompt(settings, prompt.locale, now)
    head = [{"role": "system", "content": system}] if system else []
    return [*head, *lines, {"role": "user", "content": question}]


def system_prompt(settings: OpenAiSettings, locale: str, now: datetime) -> str:
    """The setting with its placeholders filled in; other braces are left as they are."""
    known = {
        "name": settings.name,
        "place": settings.place,
        "time": f"{now:%H:%M}",
        "date": f"{now.day} {now:%B %Y}",
        "weekday": f"{now:%A}",
        "locale": locale,
    }
    return PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), settings.system_prompt).strip()


def checked_url(url: str) -> str:
    """The address of the service. Raises ConfigError where it is none, or holds a password."""
    check_url(url, "parameter 'openai.url'", code="url", example="https://api.openai.com/v1")
    return url


def extra_body(text: str) -> dict[str, Any]:
    """The setting as an object; {} for "". Raises ConfigError."""
    try:
        extra = json.loads(text or "{}")
    except ValueError as error:
        raise ConfigError("extra_body", f"parameter 'openai.extra_body' is not JSON: {error}") from error
    if not isinstance(extra, dict):
        raise ConfigError(
            "extra_body", "parameter 'openai.extra_body' must be an object like {\"enable_thinking\": false}"
        )
    return extra
