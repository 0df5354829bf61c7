"""Scripted answers, word by word, exact to the time that it is told."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..core.settings import Settings, setting
from ..core.types import Prompt
from .base import Answer, LlmSettings


@dataclass(frozen=True)
class FakeSettings(Settings):
    """Options of backend `fake`."""

    script: tuple[str, ...] = setting(
        ("You said: {text}",), "its answers in turn; {text} is what was asked", formerly="fake_script"
    )
    delay_s: float = setting(0.2, "before the first word, s", low=0.0, formerly="fake_delay_s")
    gap_s: float = setting(0.02, "between two words, s", low=0.0, formerly="fake_gap_s")


class FakeChat:
    """The n-th prompt gets the n-th line of `script`, over again when they are used up."""

    remote = False

    def __init__(self, settings: LlmSettings, own: FakeSettings) -> None:
        self._own = own
        self._asked = 0

    def load(self) -> None:
        """Nothing to load."""

    def ask(self, prompt: Prompt, now_s: float, wake: Callable[[], None]) -> Answer:
        """Begin with the next line."""
        script = self._own.script or ("",)
        text = script[self._asked % len(script)].replace("{text}", prompt.text)
        self._asked += 1
        return _TimedAnswer(text, now_s + self._own.delay_s, self._own.gap_s)

    def expect(self, now_s: float) -> None:
        """Always ready."""

    def status(self) -> Mapping[str, str]:
        """That this is no real source of answers."""
        return {"llm": "fake"}

    def forget(self, session: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing to free."""


class _TimedAnswer:
    """Its words, with the space before them, one every gap_s."""

    def __init__(self, text: str, first_s: float, gap_s: float) -> None:
        words = re.findall(r"\s*\S+", text) or [""]
        self._due = deque((first_s + i * gap_s, word) for i, word in enumerate(words))

    @property
    def done(self) -> bool:
        return not self._due

    def take(self, now_s: float) -> Sequence[str]:
        pieces = []
        while self._due and self._due[0][0] <= now_s + 1e-9:
            pieces.append(self._due.popleft()[1])
        return pieces

    def close(self) -> None:
        self._due.clear()
