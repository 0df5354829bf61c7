"""An answer that was known at once."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import LlmError


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
