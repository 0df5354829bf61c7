"""The file that says which tools a robot offers to the language model.

tools:
  - name: battery
    description: Says how full the robot's battery is, 0 to 100, and whether it is charging.
  - name: drive_to
    description: Drives the robot to a place. Takes up to half a minute.
    parameters: {type: object, properties: {place: {type: string, enum: [entrance, shop]}}, required: [place]}
    service: base/drive_to    # of avatar_ros/srv/CallTool, relative to the kiosk's namespace; tools/NAME unless said
    timeout_s: 40.0
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...core.errors import ConfigError
from ...core.yaml_text import load_yaml
from .json_schema import schema_fault

_CODE = "tools_file"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_SERVICE = re.compile(r"/?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
_KEYS = ("name", "description", "parameters", "service", "timeout_s")
_LONGEST_WAIT_S = 300.0
#: As many as any service takes.
_MOST = 128
_NOTHING: Mapping[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True)
class Tool:
    """parameters: JSON schema of its arguments, an object; service: of CallTool; timeout_s: longest wait for it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    service: str
    timeout_s: float = 10.0

    def offer(self) -> dict[str, Any]:
        """As a request names it."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


def load_tools(path: Path) -> dict[str, Tool]:
    """The tools of a file by name, in its order. Raises ConfigError naming file, tool and mistake."""
    tree = load_yaml(yaml, path, _CODE)
    if not isinstance(tree, dict) or list(tree) != ["tools"] or not isinstance(tree["tools"], list):
        raise ConfigError(_CODE, f"{path}: must have one entry, tools, a list; docs/tools.md shows one")
    if len(tree["tools"]) > _MOST:
        raise ConfigError(_CODE, f"{path}: names more than {_MOST} tools, which no model takes")
    tools: dict[str, Tool] = {}
    for number, item in enumerate(tree["tools"], 1):
        tool = _tool(item, number, path)
        if tool.name in tools:
            raise ConfigError(_CODE, f"{path}: two tools are called '{tool.name}'")
        tools[tool.name] = tool
    return tools


def _tool(item: Any, number: int, path: Path) -> Tool:
    if not isinstance(item, dict):
        raise ConfigError(_CODE, f"{path}: tool {number} must be a mapping of {', '.join(_KEYS)}")
    where = f"{path}: tool {number} ('{item.get('name', '')}')"
    for fault in (_fault(item), schema_fault(item.get("parameters", _NOTHING))):
        if fault:
            raise ConfigError(_CODE, f"{where}: {fault}")
    parameters = dict(item.get("parameters", _NOTHING))
    if parameters.setdefault("type", "object") != "object":
        raise ConfigError(_CODE, f"{where}: parameters must be of type object: arguments have names")
    parameters.setdefault("properties", {})
    service = item.get("service") or f"tools/{item['name'].replace('-', '_')}"
    return Tool(item["name"], item["description"].strip(), parameters, service, float(item.get("timeout_s", 10.0)))


def _fault(item: Mapping[Any, Any]) -> str:
    if unknown := [str(key) for key in item if key not in _KEYS]:
        return f"unknown entry '{unknown[0]}'; known: {', '.join(_KEYS)}"
    name, description, service = item.get("name"), item.get("description"), item.get("service") or "tools/x"
    wait_s = item.get("timeout_s", 10.0)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "name must be letters, digits, _ and -, 64 at most, and begin with a letter"
    if not isinstance(description, str) or not description.strip():
        return "description is missing: it is what the model knows of the tool"
    if not isinstance(service, str) or not _SERVICE.fullmatch(service):
        return f"service '{service}' is no name of a ROS service"
    if not isinstance(wait_s, int | float) or isinstance(wait_s, bool) or not 0.1 <= wait_s <= _LONGEST_WAIT_S:
        return f"timeout_s must be 0.1 to {_LONGEST_WAIT_S:g}, s"
    try:
        json.dumps(item.get("parameters", {}), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return f"parameters hold what JSON cannot say ({error}); put dates and the like in quotes"
    return ""
