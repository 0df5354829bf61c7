"""ROS parameter files as rcl reads them, with the line of each parameter: mistakes are named before rcl meets them.

The events of YAML's parser are read, not a tree: depth and aliases cost nothing. `core` imports no YAML: the module
comes in as an argument.
"""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .errors import ConfigError
from .loading import open_file

EXAMPLE = "/**/vad_node: {ros__parameters: {stop_silence_s: 0.4}}"
MAX_BYTES = 1 << 20
MAX_DEPTH = 20
_ROS = "ros__parameters"
_TOKEN = re.compile(r"\*\*?|[A-Za-z_][A-Za-z0-9_]*")
#: How alike a name must be to be taken for a mistake, where all its parameters are that node's, 0-1.
_ALIKE = 0.65

#: A mapping's (key, line, value), a scalar's text, or None for a list.
_Tree = list[tuple[str, int, Any]] | str | None


@dataclass(frozen=True)
class Section:
    """What stands under one `ros__parameters`. key: of the node or nodes, "/**/vad_node"; lines: parameter -> line."""

    path: Path
    key: str
    line: int
    lines: Mapping[str, int]

    @property
    def node(self) -> str:
        """The node's name, "*" or "**"."""
        return self.key.rpartition("/")[2]

    @property
    def wild(self) -> bool:
        """Whether it is for any node, so that others' parameters may stand in it."""
        return self.node in ("*", "**")

    def matches(self, full_name: str) -> bool:
        """Whether rcl gives it to the node "/avatar/vad_node"."""
        pattern = "".join(_PATTERNS.get(token, f"/{token}") for token in self.key.split("/")[1:])
        return re.fullmatch(pattern, full_name) is not None


_PATTERNS = {"*": "/[^/]+", "**": "(/[^/]+)*"}


def read_parameter_file(yaml: Any, path: Path) -> list[Section]:
    """The file's sections in order. Raises ConfigError naming the file, the line and what to do."""
    try:
        return _sections(path, yaml.parse(_text(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except OSError as error:
        raise ConfigError("bad_profile", f"parameter file {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        _refuse(path, mark.line + 1 if mark else 0, _words(error))


def looks_like(name: str, node: str) -> bool:
    """Whether `name` is `node`, but for case, separators and the ending "_node".

    >>> looks_like("VADnode", "vad_node"), looks_like("vad", "vad_node"), looks_like("lidar_node", "vad_node")
    (True, True, False)
    """
    return _plain(name) == _plain(node)


def nearly(name: str, node: str) -> bool:
    """Whether `name` may be a slip of the keys for `node`; what stands there must tell."""
    return difflib.SequenceMatcher(None, _plain(name), _plain(node)).ratio() >= _ALIKE


def nearest(name: str, known: list[str]) -> str:
    """What to add to a message about an unknown `name`; "" where nothing is near.

    >>> nearest("gian", ["gain", "words"])
    "; did you mean 'gain'?"
    """
    found = difflib.get_close_matches(name, known, 1)
    return f"; did you mean '{found[0]}'?" if found else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("node")


def _text(path: Path) -> str:
    with open_file(path) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        _refuse(path, 0, f"it is larger than {MAX_BYTES >> 20} MiB; is it the right file?")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(path, data.count(b"\n", 0, error.start) + 1, "it is no text in UTF-8; save it as UTF-8")


def _words(error: Any) -> str:
    problem = " ".join(str(getattr(error, "problem", None) or error).split())
    if "cannot start any token" in problem or " tab " in problem:
        return "a tab stands there; indent with spaces"
    if "alphabetic or numeric" in problem:
        return "a name that begins with * must begin with / (/**/vad_node)"
    return f"it is no YAML: {problem}; put texts in quotes, and indent what belongs together alike"


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise ConfigError("bad_profile", f"parameter file {path}{f' line {line}' if line else ''}: {what}")


def _sections(path: Path, events: Iterator[Any]) -> list[Section]:
    found: list[Section] = []
    empty = True
    for event in events:
        if type(event).__name__ == "DocumentStartEvent":
            first = next(events)
            empty = False
            _collect(path, "", first.start_mark.line + 1, _tree(path, events, first, 0), found)
    if empty:
        _refuse(path, 0, f"it is empty; an example: {EXAMPLE}")
    return found


def _tree(path: Path, events: Iterator[Any], event: Any, depth: int) -> _Tree:
    kind, line = type(event).__name__, event.start_mark.line + 1
    if depth > MAX_DEPTH:
        _refuse(path, line, f"it is more than {MAX_DEPTH} levels deep; is it the right file?")
    if kind == "AliasEvent":
        _refuse(path, line, f"ROS takes no aliases (*{event.anchor}); write the value out")
    if kind == "ScalarEvent":
        return str(event.value)
    if kind == "SequenceStartEvent":
        while type(item := next(events)).__name__ != "SequenceEndEvent":
            _tree(path, events, item, depth + 1)
        return None
    return _mapping(path, events, depth)


def _mapping(path: Path, events: Iterator[Any], depth: int) -> _Tree:
    pairs: list[tuple[str, int, Any]] = []
    seen: dict[str, int] = {}
    while type(key := next(events)).__name__ != "MappingEndEvent":
        line = key.start_mark.line + 1
        if type(key).__name__ != "ScalarEvent" or key.value == "<<":
            _refuse(path, line, "a name is expected there")
        if key.value in seen:
            _refuse(path, line, f"'{key.value}' stands in line {seen[key.value]} already; keep one of them")
        seen[key.value] = line
        pairs.append((key.value, line, _tree(path, events, next(events), depth + 1)))
    return pairs


def _collect(path: Path, key: str, line: int, tree: _Tree, found: list[Section]) -> None:
    """Namespace by namespace down to ros__parameters."""
    if not isinstance(tree, list):
        what = f"'{key.strip('/')}' has no {_ROS}" if key else "node names are expected at the top"
        _refuse(path, line, f"{what}; an example: {EXAMPLE}")
    if not tree:
        _refuse(path, line, f"'{key.strip('/')}' is empty; remove it, or see the example: {EXAMPLE}")
    for name, at, value in tree:
        if name == _ROS and key:
            if not isinstance(value, list):
                _refuse(path, at, f"no parameter stands under {_ROS}; add one (name: value), or remove '{key}'")
            found.append(Section(path, key, line, dict(_parameters("", value))))
            continue
        tokens = name.removeprefix("/").split("/")
        if bad := next((token for token in tokens if not _TOKEN.fullmatch(token)), None):
            _refuse(path, at, f"'{bad}' in '{name}' is no node's name: letters, digits and _, or one of * and ** alone")
        _collect(path, "/".join([key, *tokens]), at, value, found)


def _parameters(prefix: str, tree: list[tuple[str, int, Any]]) -> Iterator[tuple[str, int]]:
    for name, line, value in tree:
        if isinstance(value, list) and value:
            yield from _parameters(f"{prefix}{name}.", value)
        else:
            yield prefix + name, line
