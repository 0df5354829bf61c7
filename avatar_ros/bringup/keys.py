"""What a node's environment holds: a key only where its backend reads one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.environment import SERVICE_NAMES, needed
from ..core.registry import is_outside, label
from ..core.ros_network import TWICE
from .graph import KioskNode
from .profile_parameters import parameters_for

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
    """What `node` is given of `env`, and whether all is sent to it twice. namespace: the absolute one, where it is not
    the node's own.
    """
    space = node.namespace if namespace is None else namespace
    name = "/".join(["", *filter(None, space.split("/")), node.executable])
    parameters = {**parameters_for(node.params_files, name), **node.parameters}
    return needed(env, _besides(node.executable, parameters)) | ({TWICE: env.get(TWICE) or "1"} if node.across else {})


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
