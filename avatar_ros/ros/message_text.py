"""The definition of a message type as recordings carry it ("ros2msg"): its .msg file, and those of all its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

_SEPARATOR = "=" * 80
_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(?:<=\d+)?(?:\[[^\]]*\])?\s+[A-Za-z]\w*", re.M)
_BASIC = frozenset(
    "bool byte char float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 string wstring".split()
)


@cache
def definition_of(type_name: str) -> str:
    """`type_name`: "avatar_ros/msg/SpeechChunk".

    >>> definition_of("std_msgs/msg/Header").splitlines()[-1]
    'uint32 nanosec'
    """
    whole = _split(type_name)
    text = _text(*whole)
    parts = _parts(whole[0], text, {whole})
    return "\n".join([text, *(f"{_SEPARATOR}\nMSG: {'/'.join(part)}\n{_text(*part)}" for part in parts)])


def fields_of(definition: str) -> str:
    """What a definition says apart from comments, defaults and spaces: equal where two are the same on the wire."""
    lines = (line.partition("#")[0].split() for line in definition.splitlines())
    return "\n".join(" ".join(words[:2]) for words in lines if words and not words[0].startswith("==="))


def _parts(package: str, text: str, seen: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for kind in _FIELD.findall("\n".join(line.partition("#")[0] for line in text.splitlines())):
        if kind in _BASIC:
            continue
        part = _split(kind) if "/" in kind else (package, kind)
        if part not in seen:
            seen.add(part)
            yield part
            yield from _parts(part[0], _text(*part), seen)


def _split(name: str) -> tuple[str, str]:
    package, *_, kind = name.split("/")
    return package, kind


def _text(package: str, name: str) -> str:
    return (Path(get_package_share_directory(package)) / "msg" / f"{name}.msg").read_text(encoding="utf-8").rstrip()
