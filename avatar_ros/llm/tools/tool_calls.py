"""Calls of tools, put together from the deltas of a stream. https://platform.openai.com/docs/guides/function-calling.

OpenAI sends a call in many deltas, told apart by `index`: id and name with the first, the arguments' text in pieces.
Others send whole calls in one chunk, all of index 0 or of none, without ids, with arguments as an object (Ollama,
Gemini, Mistral); repeat the name with each piece, or send an id of "" with the later ones (DashScope); or know one call
alone, as `function_call`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..service_errors import ServiceError, malformed

#: More in one answer than any model means, and longer arguments than any tool wants, characters.
MOST_CALLS = 64
LONGEST_ARGUMENTS = 100_000


@dataclass(frozen=True)
class CallDelta:
    """A piece of a call. index: which one, None where the service does not say; whole: the arguments are complete."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    whole: bool = False


@dataclass(frozen=True)
class ToolCall:
    """A whole call. arguments: JSON text as the model wrote it, which may be none."""

    id: str
    name: str
    arguments: str


@dataclass
class _Growing:
    index: int | None
    id: str = ""
    name: str = ""
    whole: bool = False
    pieces: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def takes(self, delta: CallDelta) -> bool:
        """Whether `delta` belongs to it, where index and order speak for that: not, if it begins another call."""
        if delta.id and self.id and delta.id != self.id:
            return False
        if not delta.name or not self.name:
            return True
        begins = delta.whole or delta.arguments.lstrip().startswith("{")
        return not (self.whole or (begins and _is_object(self.arguments)))

    def add(self, delta: CallDelta) -> None:
        self.id = self.id or delta.id
        if delta.name != self.name:
            self.name += delta.name
        self.whole = self.whole or delta.whole
        self.pieces.append(delta.arguments)


class CallReader:
    """Of one answer."""

    def __init__(self) -> None:
        self._calls: list[_Growing] = []
        self._length = 0

    def feed(self, delta: CallDelta) -> None:
        """Take the next piece. Raises ServiceError where there is no end to them."""
        self._length += len(delta.arguments)
        call = self._continued(delta)
        if call is None:
            call = _Growing(delta.index)
            self._calls.append(call)
        if len(self._calls) > MOST_CALLS or self._length > LONGEST_ARGUMENTS:
            raise ServiceError("llm_too_long", "an answer called tools without end", lasting=False)
        call.add(delta)

    def calls(self) -> tuple[ToolCall, ...]:
        """All calls of the answer, which is at its end; each with an id of its own. Raises ServiceError."""
        found: list[ToolCall] = []
        for number, call in enumerate(self._calls, 1):
            if not call.name:
                raise malformed("a call of a tool without its name")
            known = {one.id for one in found}
            name = call.id if call.id and call.id not in known else f"call_{number}"
            found.append(ToolCall(name, call.name, call.arguments))
        return tuple(found)

    def _continued(self, delta: CallDelta) -> _Growing | None:
        if delta.index is None:
            last = self._calls[-1] if self._calls else None
            same = last is not None and (not delta.name or (delta.id != "" and delta.id == last.id))
            return last if same else None
        found = next((call for call in reversed(self._calls) if call.index == delta.index), None)
        return found if found is not None and found.takes(delta) else None


def call_deltas(part: dict[str, Any]) -> Iterator[CallDelta]:
    """Those in a choice's `delta` or `message`. Raises ServiceError."""
    listed = part.get("tool_calls") or ()
    if isinstance(listed, dict):
        listed = (listed,)
    if not isinstance(listed, list | tuple):
        raise malformed("calls of tools of another form")
    if not listed and isinstance(alone := part.get("function_call"), dict):
        listed = ({"index": 0, "function": alone},)
    for item in listed:
        if not isinstance(item, dict) or not isinstance(function := item.get("function") or {}, dict):
            raise malformed("a call of a tool of another form")
        arguments = function.get("arguments")
        whole = isinstance(arguments, dict)
        text = json.dumps(arguments, ensure_ascii=False) if whole else arguments
        index = item.get("index")
        yield CallDelta(
            index if isinstance(index, int) and not isinstance(index, bool) else None,
            _text(item.get("id")),
            _text(function.get("name")),
            _text(text),
            whole,
        )


def _text(value: Any) -> str:
    if value is None or value == "null":  # Mistral's id of a call that has none
        return ""
    if not isinstance(value, str):
        raise malformed("a call of a tool of another form")
    return value


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
