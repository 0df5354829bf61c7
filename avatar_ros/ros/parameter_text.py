"""Values of ROS parameters as an operator reads and writes them."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import ParameterType, ParameterValue

#: kind -> (its type, the message's field)
_KINDS = {
    "bool": (ParameterType.PARAMETER_BOOL, "bool_value"),
    "int": (ParameterType.PARAMETER_INTEGER, "integer_value"),
    "float": (ParameterType.PARAMETER_DOUBLE, "double_value"),
    "text": (ParameterType.PARAMETER_STRING, "string_value"),
    "texts": (ParameterType.PARAMETER_STRING_ARRAY, "string_array_value"),
}
_BOOLS = {"true": True, "false": False}


def written(value: Any) -> tuple[str, str]:
    """(kind, text) of a ParameterValue; lists as one text a line."""
    for kind, (number, field) in _KINDS.items():
        if value.type == number:
            found = getattr(value, field)
            return kind, "\n".join(found) if kind == "texts" else str(found).lower() if kind == "bool" else str(found)
    return "text", ""


def read(kind: str, text: str) -> Any:
    """The ParameterValue that `written` wrote. Raises ValueError for what is no value of that kind."""
    number, field = _KINDS[kind]
    return ParameterValue(type=number, **{field: _parsed(kind, text)})


def _parsed(kind: str, text: str) -> Any:
    if kind == "bool":
        if text.strip() not in _BOOLS:
            raise ValueError(text)
        return _BOOLS[text.strip()]
    if kind == "int":
        number = int(text)
        if not -(2**63) <= number < 2**63:
            raise ValueError(text)
        return number
    if kind == "float":
        return float(text)
    return [line for line in text.splitlines() if line] if kind == "texts" else text
