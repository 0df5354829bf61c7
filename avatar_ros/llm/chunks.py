"""What one object of an answer holds: text, calls of tools, why it ends, or an error. Dialects of many services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .service_errors import ServiceError, error_of_status, malformed, server_error
from .tools.tool_calls import CallDelta, call_deltas

_TOO_LONG = frozenset(("length", "max_tokens", "model_length"))
_FILTERED = frozenset(("content_filter", "safety", "recitation", "prohibited_content", "blocklist", "sensitive"))
_FAILED = frozenset(("error", "network_error", "abort"))
#: Said by services that mean None.
_NO_REASON = frozenset(("", "null", "none", "unknown"))
_TEXT_PARTS = frozenset(("text", "output_text", "refusal"))


@dataclass(frozen=True)
class Chunk:
    """ended: nothing more is to come; fault: the answer is not whole."""

    text: str = ""
    ended: bool = False
    fault: ServiceError | None = None
    calls: tuple[CallDelta, ...] = ()


def read(value: dict[str, Any], key_variable: str) -> Chunk:
    """The first of the choices, without thoughts. Raises ServiceError."""
    if (fault := _error(value, key_variable)) is not None:
        raise fault
    choices = value.get("choices")
    if choices is None:
        return _plain(value)
    if not isinstance(choices, list):
        raise malformed("a chunk of another form")
    text, reason = "", ""
    calls: list[CallDelta] = []
    for choice in choices:
        if not isinstance(choice, dict):
            raise malformed("a chunk of another form")
        if choice.get("index") in (None, 0):
            text += _text_of(choice)
            calls += call_deltas(_part(choice))
            reason = _reason(choice.get("finish_reason")) or reason
    return Chunk(text, bool(reason), _end_fault(reason), tuple(calls))


def _plain(value: dict[str, Any]) -> Chunk:
    """Ollama's own format: {"message": {"content": …}, "done": …}."""
    if "done" not in value:
        return Chunk()  # a ping, or what it cost
    message = value.get("message")
    text = _content(message.get("content")) if isinstance(message, dict) else _content(value.get("response"))
    calls = tuple(call_deltas(message)) if isinstance(message, dict) else ()
    ended = value["done"] is True
    return Chunk(text, ended, _end_fault(_reason(value.get("done_reason"))) if ended else None, calls)


def _text_of(choice: dict[str, Any]) -> str:
    if part := _part(choice):
        return _content(part.get("content")) + _content(part.get("refusal"))
    return _content(choice.get("text"))


def _part(choice: dict[str, Any]) -> dict[str, Any]:
    return next((part for name in ("delta", "message") if isinstance(part := choice.get(name), dict)), {})


def _content(content: Any) -> str:
    """Text, or a list of parts; parts that are thought or called are left out."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(map(_content, content))
    if isinstance(content, dict):
        return _content(content.get("text")) if content.get("type", "text") in _TEXT_PARTS else ""
    raise malformed("a chunk of another form")


def _reason(reason: Any) -> str:
    word = reason.strip().lower() if isinstance(reason, str) else ""
    return "" if word in _NO_REASON else word


def _end_fault(reason: str) -> ServiceError | None:
    if reason in _TOO_LONG:
        return ServiceError("llm_too_long", "an answer was cut off at max_tokens; raise it", lasting=False)
    if reason in _FILTERED:
        return ServiceError("llm_filtered", "the chat service's content filter stopped an answer", lasting=False)
    return server_error() if reason in _FAILED else None


def _error(value: dict[str, Any], key_variable: str) -> ServiceError | None:
    """OpenAI's {"error": …}, vLLM's {"object": "error"}, DashScope's and FastAPI's {"code" or "detail": …}."""
    error = value.get("error")
    if not error and value.get("object") != "error":
        if "choices" in value or not ({"code", "detail"} & value.keys()) or "done" in value:
            return None
        error = value
    known = error if isinstance(error, dict) else value
    detail = known.get("code") or known.get("type") or ""
    status = next((n for n in (known.get("code"), known.get("status"), known.get("status_code")) if _is_status(n)), 0)
    return error_of_status(int(status), str(detail), {}, key_variable) if status else server_error()


def _is_status(number: Any) -> bool:
    return str(number).isdecimal() and 400 <= int(number) < 600
