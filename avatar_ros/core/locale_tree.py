"""The tree of a locale's file, checked entry by entry: what is wrong is named with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from .errors import ConfigError

_CODE = "locale_file"
_HOUR = re.compile(r"(\d|1\d|2[0-3])")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: What may be filled in, by entry; none elsewhere.
_PLACEHOLDERS = {
    "dates.date": ("day", "month", "year", "weekday"),
    "dates.time": ("hour", "hour12", "minute", "part"),
    "dates.full_hour": ("hour", "hour12", "part"),
}


class Kind(Enum):
    """What an entry is: a text; words with spaces between; a list of texts; texts by text; texts by hour (0-23)."""

    TEXT = "a text"
    WORDS = "words with spaces between them"
    LIST = "a list of texts"
    PAIRS = "a mapping of texts"
    HOURS = "a mapping from an hour, 0 to 23, to a text; one for 0 among them"


class LocaleEntry(NamedTuple):
    """A checked value and the line where it stands, from 1."""

    value: Any
    line: int


def entries(root: Any, path: Path, schema: Mapping[str, Any], lengths: Mapping[str, int]) -> dict[str, LocaleEntry]:
    """Entries by dotted name ("texts.apology"). root: as `yaml.compose` gives it; lengths: of lists, by name.

    Raises ConfigError naming file, line and entry.
    """
    found: dict[str, LocaleEntry] = {}
    for name, node in _pairs(root, path, "the file", schema):
        inner = schema[name]
        below = _pairs(node, path, name, inner) if isinstance(inner, dict) else []
        named = [(f"{name}.{key}", child, inner[key]) for key, child in below]
        for full, child, kind in named if isinstance(inner, dict) else [(name, node, inner)]:
            value = _value(child, kind, path, full)
            _check(child, value, path, full, lengths)
            found[full] = LocaleEntry(value, child.start_mark.line + 1)
    return found


def _pairs(node: Any, path: Path, owner: str, known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if node is None or node.id != "mapping":
        raise _error(node, path, owner, f"must have the entries {', '.join(known)}")
    for key, _ in node.value:
        if key.id != "scalar":  # YAML lets lists and mappings be names
            raise _error(key, path, owner, f"a name of an entry must be a word; known: {', '.join(known)}")
        if key.value not in known:
            raise _error(key, path, owner, f"unknown entry '{key.value}'; known: {', '.join(known)}")
    return [(key.value, value) for key, value in node.value]


def _value(node: Any, kind: Kind, path: Path, owner: str) -> Any:
    shape = {Kind.TEXT: "scalar", Kind.WORDS: "scalar", Kind.LIST: "sequence"}.get(kind, "mapping")
    if node.id != shape:
        raise _error(node, path, owner, f"must be {kind.value}")
    if kind is Kind.TEXT:
        return str(node.value)
    if kind is Kind.WORDS:
        return tuple(node.value.split())
    if kind is Kind.LIST:
        return tuple(_scalar(item, path, owner) for item in node.value)
    pairs = {_scalar(key, path, owner): _scalar(value, path, owner) for key, value in node.value}
    return _by_hour(node, pairs, path, owner) if kind is Kind.HOURS else pairs


def _by_hour(node: Any, pairs: Mapping[str, str], path: Path, owner: str) -> tuple[tuple[int, str], ...]:
    if "0" not in pairs or not all(_HOUR.fullmatch(hour) for hour in pairs):
        raise _error(node, path, owner, f"must be {Kind.HOURS.value}")
    return tuple(sorted((int(hour), text) for hour, text in pairs.items()))


def _check(node: Any, value: Any, path: Path, owner: str, lengths: Mapping[str, int]) -> None:
    if owner in lengths and value and len(value) != lengths[owner]:
        raise _error(node, path, owner, f"must have {lengths[owner]} items, not {len(value)}")
    if not isinstance(value, str):
        return
    allowed = _PLACEHOLDERS.get(owner, ())
    for name in _PLACEHOLDER.findall(value):
        if name not in allowed:
            known = ", ".join(f"{{{one}}}" for one in allowed) or "none"
            raise _error(node, path, owner, f"unknown placeholder {{{name}}}; known: {known}")


def _scalar(node: Any, path: Path, owner: str) -> str:
    if node.id != "scalar":
        raise _error(node, path, owner, "holds something that is no text")
    return str(node.value)


def _error(node: Any, path: Path, owner: str, what: str) -> ConfigError:
    line = f"line {node.start_mark.line + 1}, " if node is not None else ""
    return ConfigError(_CODE, f"{path}: {line}{owner}: {what}")
