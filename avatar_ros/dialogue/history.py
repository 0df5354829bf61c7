"""What was said so far, as the LLM is told: bounded, and only what was really said."""

from __future__ import annotations

from ..core.types import ChatMessage


class History:
    """The last `max_messages` lines, of at most `max_characters` together; the oldest are forgotten first."""

    def __init__(self, max_messages: int, max_characters: int) -> None:
        self._max_messages = max_messages
        self._max_characters = max_characters
        self._messages: list[ChatMessage] = []

    def add(self, role: str, text: str) -> None:
        """Append a line of "user" or "assistant"; empty ones leave no trace."""
        if text.strip():
            self._messages.append(ChatMessage(role, text.strip()))
        while len(self._messages) > self._max_messages or self._characters() > self._max_characters:
            del self._messages[0]

    def messages(self) -> tuple[ChatMessage, ...]:
        """Oldest first, as Prompt.history wants them."""
        return tuple(self._messages)

    def clear(self) -> None:
        """The next person may be another one."""
        self._messages.clear()

    def _characters(self) -> int:
        return sum(len(message.text) for message in self._messages)
