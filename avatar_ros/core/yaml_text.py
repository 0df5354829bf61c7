"""YAML files that others wrote, bounded before a tree is made of them.

libyaml's composer calls itself for each level, so that a hundred thousand brackets end the process, and aliases let a
small file stand for a huge one. The events of the parser cost neither. `core` imports no YAML: the module comes in as
an argument, as onnxruntime does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import ConfigError
from .loading import boundary, read_text

MAX_BYTES = 2 << 20
MAX_DEPTH = 30
#: Nodes, each counted as often as an alias could repeat it.
MAX_NODES = 1_000_000
_REMEDY = "put texts in quotes, and see the file that ships with the package"


def compose_yaml(yaml: Any, path: Path, code: str) -> Any:
    """The file's tree of nodes, which know their lines; None for an empty file. Raises ConfigError naming the line."""
    return _read(yaml, path, code, yaml.compose)


def load_yaml(yaml: Any, path: Path, code: str) -> Any:
    """The file's plain data (safe_load). Raises ConfigError naming the line."""
    return _read(yaml, path, code, yaml.load)


def load_texts(yaml: Any, path: Path, code: str) -> Any:
    """The file's plain data, each scalar as the text it is: what is no date or number is nobody's fault here."""
    return _read(yaml, path, code, yaml.load, "BaseLoader")


def _read(yaml: Any, path: Path, code: str, read: Any, kind: str = "SafeLoader") -> Any:
    loader = getattr(yaml, f"C{kind}", getattr(yaml, kind))  # the same tree in a tenth of the time
    with boundary(path, ConfigError, code, _REMEDY):
        text = read_text(path, MAX_BYTES, code)
        try:
            _check(path, code, yaml.parse(text, Loader=loader))
            return read(text, Loader=loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f"line {mark.line + 1}: " if mark else ""
            problem = " ".join(str(getattr(error, "problem", None) or error).split())
            raise ConfigError(code, f"{path}: {line}not valid YAML: {problem}; {_REMEDY}") from error


def _check(path: Path, code: str, events: Any) -> None:
    depth = aliases = 0
    for nodes, event in enumerate(events):
        kind = type(event).__name__
        if kind.startswith(("Mapping", "Sequence")):
            depth += 1 if kind.endswith("StartEvent") else -1
        aliases += kind == "AliasEvent"
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1
            raise ConfigError(code, f"{path}: line {line}: more than {MAX_DEPTH} levels deep; is it the right file?")
        if nodes * (1 + aliases) > MAX_NODES:
            raise ConfigError(code, f"{path}: stands for more than {MAX_NODES} entries; use fewer aliases (*name)")
