"""Local answers: the embedded backend, from the answers file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ..core.paths import share_file
from ..core.types import Prompt
from .answers_file import Answers, load
from .base import LlmSettings
from .matching import Matcher

EXAMPLES_AT_ONCE = 3


class AnswersLlm:
    """LanguageModel. What varies (which wording, which examples) follows from the prompt's turn and history alone."""

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._answers: Answers | None = None
        self._matcher: Matcher | None = None

    def load(self) -> None:
        """Read the file. Raises ConfigError naming the line of a mistake."""
        self._answers = load(share_file(self._settings.answers_file))
        self._matcher = Matcher(self._answers)

    def stream(self, prompt: Prompt, now: datetime) -> Iterator[str]:
        """The whole answer in one piece."""
        assert self._answers is not None and self._matcher is not None
        threshold = self._settings.match_threshold
        intent = None if prompt.rejected else self._matcher.find(prompt.text, threshold)
        variants = intent.answers if intent else _not_understood(self._answers, prompt)
        yield _fill(_pick(variants, prompt), values(self._answers, prompt, now))

    def abort(self) -> None:
        """Nothing blocks."""

    def close(self) -> None:
        """Forget the file."""
        self._answers = self._matcher = None


def values(answers: Answers, prompt: Prompt, now: datetime) -> dict[str, str]:
    """What the placeholders stand for; English."""
    examples = _examples(answers, prompt)
    suggestion = answers.suggestions[prompt.turn % len(answers.suggestions)] if examples else ""
    daypart = "morning" if now.hour < 12 else "afternoon" if now.hour < 18 else "evening"
    return {
        **answers.facts,
        "time": f"{now.hour % 12 or 12}:{now.minute:02d} {'AM' if now.hour < 12 else 'PM'}",
        "date": f"{now:%B} {_ordinal(now.day)}, {now.year}",
        "weekday": f"{now:%A}",
        "year": str(now.year),
        "tomorrow": f"{now + timedelta(days=1):%A}",
        "daypart": daypart,
        "day_greeting": f"Good {daypart}",
        "last_reply": _last_reply(answers, prompt),
        "examples": examples,
        "suggestions": suggestion.format(examples=examples),
    }


def _fill(text: str, known: Mapping[str, str]) -> str:
    return text.format_map(known).strip()


def _ordinal(day: int) -> str:
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _pick(variants: tuple[str, ...], prompt: Prompt) -> str:
    """A wording that was not used lately, by turn."""
    said = [line.text for line in prompt.history if line.role == "assistant"][-4:]
    fresh = [text for text in variants if not any(_same(text, line) for line in said)] or list(variants)
    return fresh[prompt.turn % len(fresh)]


def _same(variant: str, said: str) -> bool:
    """Whether `said` was made from `variant`: same beginning, as far as nothing was filled in or left out."""
    start = variant.partition("{")[0].rpartition("]")[2].strip()
    return bool(start) and said.rpartition("]")[2].strip().startswith(start)


def _not_understood(answers: Answers, prompt: Prompt) -> tuple[str, ...]:
    """Suggests what can be asked when it is the second time in a row."""
    last = next((line.text for line in reversed(prompt.history) if line.role == "assistant"), "")
    again = any(_same(text, last) for text in (*answers.not_understood, *answers.not_understood_again))
    return answers.not_understood_again if again else answers.not_understood


def _last_reply(answers: Answers, prompt: Prompt) -> str:
    last = next((line.text for line in reversed(prompt.history) if line.role == "assistant"), "")
    return last or "I have not said anything yet."


def _examples(answers: Answers, prompt: Prompt) -> str:
    named = [intent.suggest for intent in answers.intents if intent.suggest]
    if not named:
        return ""
    first = prompt.turn * EXAMPLES_AT_ONCE
    chosen = list(dict.fromkeys(named[(first + i) % len(named)] for i in range(EXAMPLES_AT_ONCE)))
    return ", ".join(chosen[:-1]) + (" or " if len(chosen) > 1 else "") + chosen[-1]
