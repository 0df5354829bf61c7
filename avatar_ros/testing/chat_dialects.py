"""How services write the calls of tools: acts for chat_server.py, each in the form of one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .chat_server import Act, Exchange

#: (name, arguments)
Called = tuple[str, Mapping[str, Any]]


def _chunk(delta: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}


def _pieces(arguments: Mapping[str, Any]) -> list[str]:
    text = json.dumps(arguments)
    return [text[i : i + 5] for i in range(0, len(text), 5)]


def _openai(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": None})
    for index, (name, arguments) in enumerate(calls):
        function: dict[str, Any] = {"name": name, "arguments": ""}
        yield _chunk({"tool_calls": [{"index": index, "id": f"call_{name}", "type": "function", "function": function}]})
        for piece in _pieces(arguments):
            yield _chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield _chunk({}, "tool_calls")


def _dashscope(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """The name and an empty id come with each piece, and nulls where there is nothing."""
    yield _chunk({"role": "assistant", "content": "", "tool_calls": None})
    for index, (name, arguments) in enumerate(calls):
        for number, piece in enumerate(["", *_pieces(arguments)]):
            own_id = f"call_{name}" if not number else ""
            function = {"name": name, "arguments": piece or None}
            yield _chunk({"tool_calls": [{"index": index, "id": own_id, "type": "function", "function": function}]})
    yield _chunk({"content": "", "tool_calls": []}, "tool_calls")


def _ollama(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """Whole calls in one chunk, all of index 0; the end says "stop"."""
    items = [
        {"index": 0, "id": f"call_{i}x", "type": "function", "function": {"name": n, "arguments": json.dumps(a)}}
        for i, (n, a) in enumerate(calls)
    ]
    yield _chunk({"role": "assistant", "content": "", "tool_calls": items})
    yield _chunk({"role": "assistant", "content": ""}, "stop")


def _ollama_native(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """Ollama's own format: arguments are objects, ids are missing."""
    for name, arguments in calls:
        called = [{"function": {"name": name, "arguments": arguments}}]
        message = {"role": "assistant", "content": "", "tool_calls": called}
        yield {"model": "x", "message": message, "done": False}
    yield {"model": "x", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}


def _objects(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """Arguments as objects, and neither index nor id; the end comes with the calls."""
    items = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
    yield _chunk({"role": "assistant", "tool_calls": items}, "tool_calls")


def _message(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """An answer that is no stream; the id is null."""
    items = [{"id": None, "type": "function", "function": {"name": n, "arguments": json.dumps(a)}} for n, a in calls]
    message = {"role": "assistant", "content": None, "tool_calls": items}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    yield {"id": "x", "object": "chat.completion", "choices": [choice]}


def _function_call(calls: tuple[Called, ...]) -> Iterator[dict[str, Any]]:
    """The form before tools: one call, without an id."""
    ((name, arguments),) = calls
    yield _chunk({"role": "assistant", "content": None, "function_call": {"name": name, "arguments": ""}})
    for piece in _pieces(arguments):
        yield _chunk({"function_call": {"arguments": piece}})
    yield _chunk({}, "function_call")


DIALECTS: dict[str, Callable[[tuple[Called, ...]], Iterator[dict[str, Any]]]] = {
    "openai": _openai,
    "dashscope": _dashscope,
    "ollama": _ollama,
    "ollama_native": _ollama_native,
    "objects": _objects,
    "message": _message,
    "function_call": _function_call,
}


def calling(*calls: Called, dialect: str = "openai", text: str = "") -> Act:
    """An answer that calls tools. text: what it says before."""

    def act(exchange: Exchange) -> None:
        exchange.begin()
        if text:
            exchange.piece(text)
        for value in DIALECTS[dialect](calls):
            exchange.event(json.dumps(value))
        exchange.end()

    return act
