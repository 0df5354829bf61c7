"""Drops what a reasoning model thinks before it answers: "<think>…</think>" at the beginning of its text."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class ThinkingFilter:
    """Text in, the part that is meant to be heard out. Only the very beginning of an answer can be thinking."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "beginning"

    def feed(self, text: str) -> str:
        """What of `text`, and of what was held back, is certainly part of the answer."""
        if self._state == "answer":
            return text
        self._held += text
        if self._state == "beginning":
            start = self._held.lstrip()
            if _OPEN.startswith(start[: len(_OPEN)]) and len(start) < len(_OPEN):
                return ""
            self._state = "thinking" if start.startswith(_OPEN) else "answer"
        if self._state == "thinking":
            _, closed, answer = self._held.partition(_CLOSE)
            if not closed:
                self._held = self._held[-len(_CLOSE) :]
                return ""
            self._held, self._state = answer, "answer"
        held, self._held = self._held, ""
        return held

    def finish(self) -> str:
        """What was held back because it could have become a tag."""
        held, self._held = self._held, ""
        return held if self._state == "beginning" else ""
