"""What parameter files set for one node, as rcl reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.errors import ConfigError
from ..core.yaml_text import load_yaml


def parameters_for(files: tuple[Path, ...], name: str) -> dict[str, Any]:
    """What parameter files set for the node of that full name, the later ones over the earlier; {} where none reads."""
    import yaml

    found: dict[str, Any] = {}
    for file in files:
        try:
            tree = load_yaml(yaml, file, "bad_profile")
        except (OSError, ConfigError):
            continue  # the node says what is wrong with it
        for pattern, values in _sections(tree, ""):
            if _pattern(pattern).fullmatch(name):
                found.update(values)
    return found


def _sections(tree: Any, above: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each full name or pattern with its parameters."""
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if key == "ros__parameters":
            yield above, dict(_flat(value, "")) if isinstance(value, dict) else {}
        else:
            yield from _sections(value, f"{above}/{str(key).strip('/')}")


def _flat(values: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Parameters by their full names: those of a backend may stand in a mapping of its name."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _pattern(name: str) -> re.Pattern[str]:
    """ROS's wildcards: * is one part of a name, ** any number, none too."""
    wild = {"**": r"(/\w+)*", "*": r"/\w+"}
    return re.compile("".join(wild.get(part, "/" + re.escape(part)) for part in name[1:].split("/")))
