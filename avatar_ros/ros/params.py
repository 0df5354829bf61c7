"""Settings <-> ROS parameters: each field is declared once, in its Settings class."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from ..core.errors import ConfigError
from ..core.settings import Settings

Groups = Mapping[str, type[Settings]]

#: Parameters that rclpy itself declares or that name a topic's QoS.
_OF_ROS = ("use_sim_time", "start_type_description_service", "qos_overrides.")


def declare(node: Node, groups: Groups) -> None:
    """Declare every field of the Settings classes; `groups` maps a prefix ("" or "display.") to a class."""
    for prefix, kind in groups.items():
        for item in fields(kind):
            node.declare_parameter(prefix + item.name, _plain(item.default), _descriptor(item))


def refuse_unknown(node: Node) -> None:
    """Raise ConfigError for an override that nobody declared: rclpy would ignore a misspelt parameter in silence."""
    for name in node._parameter_overrides:  # rclpy offers no public list of overrides
        if not node.has_parameter(name) and not name.startswith(_OF_ROS):
            known = sorted(n for n in node._parameters if not n.startswith(_OF_ROS))
            raise ConfigError(
                "unknown_parameter", f"unknown parameter '{name}' of {node.get_name()}; known: {', '.join(known)}"
            )


def read(node: Node, groups: Groups) -> dict[str, Settings]:
    """The Settings of each prefix from the node's parameters. Raises ConfigError naming node and parameter."""
    found = {}
    for prefix, kind in groups.items():
        values = {item.name: _value(item, node.get_parameter(prefix + item.name).value) for item in fields(kind)}
        try:
            found[prefix] = kind(**values)
        except ConfigError as error:
            raise ConfigError(error.code, f"{node.get_name()}: {_with_prefix(prefix, error)}") from error
    return found


def check_change(node: Node, groups: Groups, changed: list[Parameter]) -> SetParametersResult:
    """Whether new values would make valid Settings; they take effect at the next configure."""
    proposed = {parameter.name: parameter.value for parameter in changed}
    for prefix, kind in groups.items():
        values = {}
        for item in fields(kind):
            name = prefix + item.name
            values[item.name] = _value(item, proposed.get(name, node.get_parameter(name).value))
        try:
            kind(**values)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=_with_prefix(prefix, error))
    return SetParametersResult(successful=True)


def _value(item: Any, value: Any) -> Any:
    """A parameter's value as its field wants it: YAML, and so `-p`, reads a bare off as false and on as true."""
    if isinstance(item.default, str) and isinstance(value, bool):
        return "on" if value else "off"
    return tuple(value) if isinstance(value, list | array) else value


def _with_prefix(prefix: str, error: ConfigError) -> str:
    return str(error).replace("parameter '", f"parameter '{prefix}", 1)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _descriptor(item: Any) -> ParameterDescriptor:
    # Dynamic typing: `-p gain:=1` for a float is not the user's fault; Settings checks the type itself.
    descriptor = ParameterDescriptor(description=item.metadata.get("description", ""), dynamic_typing=True)
    if choices := item.metadata.get("choices"):
        descriptor.additional_constraints = "one of: " + ", ".join(choices)
    low, high = item.metadata.get("low"), item.metadata.get("high")
    if low is None or high is None:
        return descriptor
    # A range in the descriptor would make rclpy refuse with a text of its own, before ours; it is stated in words.
    if isinstance(item.default, float):
        span: Any = FloatingPointRange(from_value=float(low), to_value=float(high))
    else:
        span = IntegerRange(from_value=int(low), to_value=int(high), step=1)
    descriptor.additional_constraints = f"from {span.from_value} to {span.to_value}"
    return descriptor
