"""Text as every message and file can hold it, of text that comes in pieces out of JSON."""

from __future__ import annotations


class WellFormed:
    """Pairs of surrogates become their character, half a pair U+FFFD; NUL, which ends a string in C, a space."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """What is certain by now: half a pair at the end waits for the other half."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return self._joined(text[: len(text) - len(self._half)])

    def finish(self) -> str:
        """The rest."""
        half, self._half = self._half, ""
        return self._joined(half)

    def _joined(self, text: str) -> str:
        text = text.replace("\0", " ")
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text
