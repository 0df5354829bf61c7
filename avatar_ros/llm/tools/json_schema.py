"""Tools' parameters are JSON Schema (https://json-schema.org/draft/2020-12); the library jsonschema checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

#: What is told of a fault: its text repeats the value, which may be a megabyte.
_LONGEST = 200


def misfit(value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with `value`, in one line that names the place; "" for nothing."""
    # A registry of one's own: by itself the library would fetch what "$ref" names from the network.
    faults = Draft202012Validator(schema, registry=Registry()).iter_errors(value)
    try:
        first = min(faults, key=_depth, default=None)
    except Unresolvable as error:
        return f"the tool's own schema refers to what it has not: {error.ref}"
    return "" if first is None else _told(first, "the arguments")


def schema_fault(schema: Any) -> str:
    """What is wrong with a schema itself, in one line; "" for nothing."""
    if not isinstance(schema, dict):
        return "parameters must be a JSON schema, a mapping"
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        # A type is one or a list of them; which types there are, the first of the two says.
        return _told(error.context[0] if error.context else error, "parameters")
    if unknown := [str(name) for name in schema.get("required", ()) if name not in schema.get("properties", {})]:
        return f"parameters: required names {', '.join(unknown)}, which properties has not"
    return ""


def _depth(fault: ValidationError) -> tuple[int, str]:
    """What is wrong farthest out comes first; of those, always the same."""
    return len(fault.absolute_path), fault.message


def _told(fault: ValidationError | SchemaError, whole: str) -> str:
    place = ".".join(map(str, fault.absolute_path))
    text = f"{repr(place) if place else whole}: {fault.message}"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
