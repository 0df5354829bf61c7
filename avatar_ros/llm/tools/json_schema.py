"""The part of JSON Schema that tools' parameters are written in: is a value what the schema says?

https://json-schema.org/draft/2020-12: type, properties, required, additionalProperties (false), items, enum, minimum,
maximum, minLength, maxLength. Other keywords are told to the model and checked by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}
_BOUNDS: dict[str, tuple[type | tuple[type, ...], Callable[[Any, Any], bool], str]] = {
    "minimum": ((int, float), lambda value, bound: value >= bound, "at least"),
    "maximum": ((int, float), lambda value, bound: value <= bound, "at most"),
    "minLength": (str, lambda value, bound: len(value) >= bound, "of at least that many characters:"),
    "maxLength": (str, lambda value, bound: len(value) <= bound, "of at most that many characters:"),
}


def misfit(value: Any, schema: Mapping[str, Any], where: str = "the arguments") -> str:
    """What is wrong with `value`, in one line that names the place; "" for nothing."""
    kinds = _listed(schema.get("type"))
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        return f"{where} must be {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} must be one of {', '.join(map(str, schema['enum']))}"
    for keyword, (kind, fits, words) in _BOUNDS.items():
        bound = schema.get(keyword)
        if bound is not None and isinstance(value, kind) and not isinstance(value, bool) and not fits(value, bound):
            return f"{where} must be {words} {bound}"
    return next(filter(None, _inside(value, schema, where)), "")


def _inside(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"'{name}' is missing" for name in schema.get("required", ()) if name not in value)
        for name, item in value.items():
            if name in known:
                yield misfit(item, known[name], f"'{name}'")
            elif schema.get("additionalProperties") is False:
                yield f"there is no '{name}'; known: {', '.join(known) or 'none'}"
    elif isinstance(value, list) and "items" in schema:
        yield from (misfit(item, schema["items"], f"an item of {where}") for item in value)


def schema_fault(schema: Any, where: str = "parameters") -> str:
    """What is wrong with a schema itself, as far as `misfit` reads it; "" for nothing."""
    if not isinstance(schema, dict):
        return f"{where} must be a JSON schema, a mapping"
    for kind in _listed(schema.get("type")):
        if kind not in _TYPES:
            return f"{where}: type '{kind}' is none; known: {', '.join(_TYPES)}"
    for keyword, form in {"properties": dict, "required": list, "enum": list}.items():
        if not isinstance(schema.get(keyword, form()), form):
            return f"{where}: {keyword} must be a {'mapping' if form is dict else 'list'}"
    for keyword in _BOUNDS:
        if not _TYPES["number"](schema.get(keyword, 0)):
            return f"{where}: {keyword} must be a number"
    properties = schema.get("properties", {})
    if unknown := [str(name) for name in schema.get("required", ()) if name not in properties]:
        return f"{where}: required names {', '.join(unknown)}, which properties has not"
    inner = [*properties.items(), *([("items", schema["items"])] if "items" in schema else [])]
    return next(filter(None, (schema_fault(part, f"{where}.{name}") for name, part in inner)), "")


def _listed(kind: Any) -> tuple[str, ...]:
    return () if kind is None else tuple(map(str, kind)) if isinstance(kind, list) else (str(kind),)
