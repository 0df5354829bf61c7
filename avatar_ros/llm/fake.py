"""A scripted language model: the same reply to everything, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from ..core.types import Prompt
from .base import LlmSettings


class FakeLlm:
    """LanguageModel."""

    def __init__(self, settings: LlmSettings) -> None:
        self._pieces = re.findall(r"\S+\s*", settings.script)

    def load(self) -> None:
        """Nothing to load."""

    def stream(self, prompt: Prompt, now: datetime) -> Iterator[str]:
        """The script, one word a piece."""
        yield from self._pieces

    def abort(self) -> None:
        """Nothing blocks."""

    def close(self) -> None:
        """Nothing to free."""
