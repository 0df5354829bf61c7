"""An answer that came as JSON, {"answer": "Hello."}: what it says is heard, not the names of its entries."""

from __future__ import annotations

import re

from .json_calls import Braces
from .scanner import Scanner, shape, wait_if

#: Entries that hold what is to be said. All others (a thought, a confidence, a mood) are left out.
_SAID = frozenset(
    """
    answer answers response responses reply text content message messages output result say speech spoken utterance
    final final_answer assistant
    """.split()
)
_BEGIN = shape(
    r"[\s\ufeff]{0,40}+", r"`{0,9}+", r"(?:j|js|jso|json|json[5cl])?", r"\s{0,40}+", r"\{", r"\s{0,40}+",
    "[\"']", r"(?P<key>\w{1,40}+)", "[\"']", r"\s{0,9}+", ":",
)  # fmt: skip
_FENCE = shape(r"\s{0,40}+", "`{1,9}+", "[^`]")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"""[^{}\[\],:"'\s]{1,40}""")
_NUMBER = re.compile(r"-?\d.*")
_RUN = re.compile(r"""[^\\"']+""")
_UNICODE = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {"n": "\n", "r": "\n", "t": " ", "b": "", "f": " "}
#: What ends a thought, behind which the answer begins.
_THOUGHT_ENDS = ("</think>", "</thinking>", "</thought>", "</reasoning>", "[/THINK]", "◁/think▷", "<|message|>")
_THOUGHT_END = re.compile("[>▷\\]]")
_LONGEST_END = max(map(len, _THOUGHT_ENDS))
#: Of an object in which nothing was found to be said: characters that are kept, to be heard as they are.
_MOST_KEPT = 4000


class Envelope(Scanner):
    """Only the first thing of an answer can be one; what follows its last brace is text again."""

    def __init__(self) -> None:
        super().__init__()
        self._state = "begin"  # value: within the object; string; fence: behind it; text
        self._levels: list[tuple[str, bool]] = []  # "{" or "[", and whether the strings of a list are said
        self._key = self._quote = self._raw = self._seen = ""
        self._names = self._saying = self._fenced = self._spoke = False

    def finish(self) -> str:
        """The rest; the object itself where it held nothing that is said."""
        rest = super().finish()
        raw, self._raw = self._raw, ""
        return raw + rest

    def _step(self, text: str, at: int, last: bool, out: list[str]) -> int:
        return int(getattr(self, f"_step_{self._state}")(text, at, last, out))

    def _step_begin(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = _BEGIN.at(text, at, last)
        if found is None or found["key"] in Braces.KEYS:
            self._state = "text"
            return self._step_text(text, at, last, out)
        self._state, self._levels, self._key = "value", [("{", False)], found["key"].lower()
        self._fenced, self._spoke, self._names = "`" in found[0], False, False
        return self._take(text, at, found.end(), out)

    def _step_text(self, text: str, at: int, last: bool, out: list[str]) -> int:
        end = found.end() if (found := _THOUGHT_END.search(text, at)) else len(text)
        out.append(text[at:end])
        self._seen = (self._seen + text[at:end])[-_LONGEST_END:]
        if self._seen.endswith(_THOUGHT_ENDS):
            self._state, self._seen = "begin", ""
        return end

    def _step_fence(self, text: str, at: int, last: bool, out: list[str]) -> int:
        found = _FENCE.at(text + "\n" if last else text, at, last)
        self._state = "text"
        return found.end() - 1 if found else self._step_text(text, at, last, out)

    def _step_value(self, text: str, at: int, last: bool, out: list[str]) -> int:
        sign, end = text[at], at + 1
        if space := _SPACE.match(text, at):
            end = space.end()
        elif sign in "\"'":
            self._open_string(sign, out)
        elif sign in "{[":
            self._levels.append((sign, self._is_said()))
            self._names = sign == "{"
        elif sign in "}]":
            return self._close(text, at, out)
        elif sign in ",:":
            self._names = sign == "," and self._levels[-1][0] == "{"
        elif word := _WORD.match(text, at):
            end = word.end()
            wait_if(end == len(text) and not last and len(word[0]) < 40)
            if not self._names and self._is_said() and _NUMBER.fullmatch(word[0]):
                self._say(("\n" if self._spoke else "") + word[0], out)
        return self._take(text, at, end, out)

    def _step_string(self, text: str, at: int, last: bool, out: list[str]) -> int:
        if run := _RUN.match(text, at):
            self._said(run[0], out)
            return self._take(text, at, run.end(), out)
        if text[at] == "\\":
            return self._escape(text, at, last, out)
        if text[at] == self._quote:
            self._state = "value"
        else:
            self._said(text[at], out)
        return self._take(text, at, at + 1, out)

    def _escape(self, text: str, at: int, last: bool, out: list[str]) -> int:
        wait_if(at + 1 == len(text) and not last)
        kind = text[at + 1 : at + 2]
        digits = text[at + 2 : at + 6]
        wait_if(kind == "u" and len(digits) < 4 and not last)
        if kind == "u" and _UNICODE.fullmatch(digits):
            self._said(chr(int(digits, 16)), out)
            return self._take(text, at, at + 6, out)
        self._said(_ESCAPES.get(kind, kind), out)
        return self._take(text, at, min(at + 2, len(text)), out)

    def _is_said(self) -> bool:
        kind, said = self._levels[-1]
        return said if kind == "[" else self._key in _SAID

    def _open_string(self, quote: str, out: list[str]) -> None:
        self._state, self._quote = "string", quote
        self._saying = not self._names and self._is_said()
        if self._names:
            self._key = ""
        elif self._saying and self._spoke:
            self._say("\n", out)

    def _said(self, part: str, out: list[str]) -> None:
        if self._saying:
            self._say(part, out)
        elif self._names:
            self._key = (self._key + part.lower())[:40]

    def _say(self, part: str, out: list[str]) -> None:
        out.append(part)
        self._spoke, self._raw = True, ""

    def _close(self, text: str, at: int, out: list[str]) -> int:
        self._levels.pop()
        end = self._take(text, at, at + 1, out)
        self._names = False
        if not self._levels:
            out.append(self._raw)
            self._raw = ""
            self._state = "fence" if self._fenced and self._spoke else "text"
        return end

    def _take(self, text: str, at: int, end: int, out: list[str]) -> int:
        """Go on at `end`; what stands before it is kept as long as nothing was said."""
        if not self._spoke:
            self._raw += text[at:end]
            if len(self._raw) > _MOST_KEPT:
                out.append(self._raw)
                self._state, self._raw = "text", ""
        return end
