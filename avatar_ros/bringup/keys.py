"""Which node is given which key: the one whose backend reads it, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.environment import SERVICE_NAMES, needed
from ..core.registry import is_outside, label
from .graph import KioskNode

#: Node -> backend that reads a key -> variables that its library reads besides. A backend from outside is given the one
#: that its option key_variable names, where a profile sets that.
KEY_READERS: dict[str, dict[str, tuple[str, ...]]] = {
    "llm_node": {"openai": ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")},
    "tts_node": {"openai_speech": ()},
}
#: Backends that speak to a service, key or not.
SERVICES = {"llm_node": ("openai",), "tts_node": ("openai_speech", "edge", "cosyvoice")}
#: key_variable where no profile sets it; test/unit/bringup/test_keys.py compares with the backends' options.
USUAL_KEY = "OPENAI_API_KEY"


def node_environment(node: KioskNode, env: Mapping[str, str], namespace: str | None = None) -> dict[str, str]:
    """What `node` is given of `env`. namespace: the absolute one, where it is not the node's own."""
    space = node.namespace if namespace is None else namespace
    name = "/".join(["", *filter(None, space.split("/")), node.executable])
    parameters = {**_parameters(node.params_files, name), **node.parameters}
    return needed(env, _besides(node.executable, parameters))


def _besides(name: str, parameters: Mapping[str, Any]) -> set[str]:
    names: set[str] = set()
    for backend in {str(parameters.get(key, "")) for key in ("backend", "fallback")}:
        readers = KEY_READERS.get(name, {})
        names.update(readers.get(backend, ()))
        if backend in readers or is_outside(backend):
            usual = parameters.get("key_variable", USUAL_KEY) if backend in readers else ""
            names.add(str(parameters.get(f"{label(backend)}.key_variable", usual)))
        if is_outside(backend) or backend in SERVICES.get(name, ()):
            names.update(SERVICE_NAMES)
    return names


def _parameters(files: tuple[Path, ...], name: str) -> dict[str, Any]:
    """What parameter files set for the node of that full name, the later ones over the earlier; {} where none reads."""
    import yaml

    found: dict[str, Any] = {}
    for file in files:
        try:
            tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
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
