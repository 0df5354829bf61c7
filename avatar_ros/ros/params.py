"""Settings <-> ROS parameters: each field is declared once, in its Settings class."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from ..core.errors import ConfigError
from ..core.settings import Settings, retune, today
from .overrides import Overrides

Groups = Mapping[str, type[Settings]]

#: Parameters that rclpy itself declares or that name a topic's QoS.
_OF_ROS = ("use_sim_time", "start_type_description_service", "qos_overrides.")


#: Said of each parameter, and of each that was set.
NEXT_CONFIGURE = "takes effect at the next configure"
AT_ONCE = "takes effect at once"


def declare(node: Node, groups: Groups) -> None:
    """Declare every field of the Settings classes; `groups` maps a prefix ("" or "display.") to a class."""
    for prefix, kind in groups.items():
        for item in fields(kind):
            name = prefix + item.name
            given = node._parameter_overrides.get(name)  # rclpy offers no public list of overrides
            node.declare_parameter(
                name, _plain(item.default), _descriptor(item, given.value if given else item.default)
            )


def refuse_unknown(
    node: Node, overrides: Overrides, others: Sequence[str], besides: Callable[[], Sequence[str]]
) -> str:
    """One line on overrides that are others'; "" where there are none.

    others: those that are known to be; besides: names that the node does not have now, but would take. Raises
    ConfigError for an override that nobody declared but meant for this node: rclpy would ignore it in silence.
    """
    known = sorted(name for name in node._parameters if not name.startswith(_OF_ROS))
    given = [name for name in node._parameter_overrides if name not in others and not name.startswith(_OF_ROS)]
    unknown = [name for name in given if not node.has_parameter(name)]
    full_name = node.get_fully_qualified_name()
    overrides.check_sections(full_name, lambda: [*known, *besides()])
    return overrides.check_unknown(unknown, full_name, known, besides)


def read(node: Node, groups: Groups, overrides: Overrides | None = None) -> dict[str, Settings]:
    """The Settings of each prefix from the node's parameters. Raises ConfigError as `made` does."""
    return {
        prefix: made(
            node,
            prefix,
            kind,
            {item.name: node.get_parameter(prefix + item.name).value for item in fields(kind)},
            overrides,
        )
        for prefix, kind in groups.items()
    }


def made(
    node: Node, prefix: str, kind: type[Settings], given: Mapping[str, Any], overrides: Overrides | None = None
) -> Settings:
    """Settings of parameters' values. Raises ConfigError naming node and parameter, and where its value came from."""
    values = {item.name: _value(item, given[item.name]) for item in fields(kind) if item.name in given}
    _tell_renamed(node, prefix, kind, values)
    try:
        return kind(**values)
    except ConfigError as error:
        text = _with_prefix(prefix, error)
        where = _origin(overrides or Overrides(), text, node.get_fully_qualified_name())
        raise ConfigError(error.code, f"{where}{node.get_name()}: {text}") from error


def _tell_renamed(node: Node, prefix: str, kind: type[Settings], values: Mapping[str, Any]) -> None:
    for item in fields(kind):
        value = values.get(item.name)
        if (new := today(item, value)) != value:
            text = f"parameter '{prefix}{item.name}': '{value}' is called '{new}' now"
            node.get_logger().warning(f"{text}; the old name will go with the next version")


def check_change(node: Node, groups: Groups, changed: Sequence[Parameter]) -> SetParametersResult:
    """Whether new values, all together, would make valid Settings."""
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


def change(groups: Groups, in_use: Mapping[str, Settings], changed: Sequence[Parameter]) -> list[str]:
    """Give new values of live parameters to the settings in use, by prefix; the names of those that count now."""
    names = []
    for prefix, kind in groups.items():
        values = {
            item.name: _value(item, parameter.value)
            for item in fields(kind)
            for parameter in changed
            if parameter.name == prefix + item.name and item.metadata.get("live", False)
        }
        if values and prefix in in_use:
            retune(in_use[prefix], values)
            names += [prefix + name for name in values]
    return names


def _origin(overrides: Overrides, text: str, full_name: str) -> str:
    named = re.search(r"parameter '([^']+)'", text)
    origin = overrides.origin(named[1], full_name) if named else None
    return f"{origin.where}: " if origin else ""


def _value(item: Any, value: Any) -> Any:
    """A parameter's value as its field wants it: YAML, and so `-p`, reads a bare off as false and on as true."""
    if isinstance(item.default, str) and isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(item.default, tuple) and value is None:
        return ()  # so rcl reads []
    return tuple(value) if isinstance(value, list | array) else value


def _with_prefix(prefix: str, error: ConfigError) -> str:
    return str(error).replace("parameter '", f"parameter '{prefix}", 1)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _descriptor(item: Any, given: Any) -> ParameterDescriptor:
    """given: the value that it will have."""
    meta = item.metadata
    fixed = meta.get("fixed", False)
    # Dynamic typing: `-p gain:=1` for a float is not the user's fault; Settings checks the type itself.
    descriptor = ParameterDescriptor(description=meta.get("description", ""), dynamic_typing=True, read_only=fixed)
    low, high = meta.get("low"), meta.get("high")
    says = ["cannot be changed while the node runs" if fixed else AT_ONCE if meta.get("live") else NEXT_CONFIGURE]
    if choices := meta.get("choices"):
        says.insert(0, "one of: " + ", ".join(choices))
    elif low is not None or high is not None:
        ends = (f"from {low}" if low is not None else "", f"to {high}" if high is not None else "")
        says.insert(0, " ".join(filter(None, ends)))
    descriptor.additional_constraints = "; ".join(says)
    # With a range, rclpy would refuse a value that is out of it with a text of its own, before ours at configure.
    if low is not None and high is not None and isinstance(given, int | float) and low <= given <= high:
        if isinstance(item.default, float):
            descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return descriptor
