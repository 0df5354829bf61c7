"""Where a node's parameters come from: rclpy tells their values alone, the command line and its files tell the rest.

An unknown parameter of a section that names the node is a mistake. One of a section for all nodes (`/**`), or of a
launch file's SetParameter, is somebody else's: it is ignored with one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..core.errors import ConfigError
from ..core.parameter_file import Section, looks_like, nearest, nearly, read_parameter_file


class Origin(NamedTuple):
    """One setting of a parameter. named: it was meant for this node; typed: on the command line, by hand."""

    where: str
    named: bool = False
    typed: bool = False


@dataclass(frozen=True)
class Overrides:
    """What the ROS arguments of a process set. assignments: of `-p`, "name:=value" or "node:name:=value".

    former_names: parameters that were given under the name of an earlier version, and that name.
    """

    sections: tuple[Section, ...] = ()
    assignments: tuple[str, ...] = ()
    by_launch: bool = False
    former_names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Overrides:
        """Raises ConfigError for a file that is no parameter file, naming the line."""
        files, assignments, remaps = _ros_arguments(arguments)
        by_launch = any(remap.startswith(("__node:=", "__ns:=", "__name:=")) for remap in remaps)
        return cls(tuple(section for file in files for section in _read(file)), tuple(assignments), by_launch)

    def origin(self, name: str, full_name: str) -> Origin | None:
        """The last setting of `name` that reaches the node "/avatar/vad_node"; None where nothing here sets it."""
        found = None
        name = self.former_names.get(name, name)
        for section in self.sections:
            if name in section.lines and section.matches(full_name):
                found = Origin(f"{section.path} line {section.lines[name]}", named=not section.wild)
        for assignment in self.assignments:
            *node, given = assignment.partition(":=")[0].rsplit(":", 1)
            if given == name and (not node or node[0].strip("/") in full_name.strip("/").split("/")):
                found = Origin("-p", named=bool(node), typed=not self.by_launch)
        return found

    def check_unknown(
        self, unknown: Iterable[str], full_name: str, known: list[str], besides: Callable[[], Iterable[str]] = list
    ) -> str:
        """One line on what is ignored, or "". Raises ConfigError for a parameter that was meant for this node.

        known: the node's parameters; besides: names that it does not have now, but would take.
        """
        node, ignored = full_name.rpartition("/")[2], []
        for name in unknown:
            origin = self.origin(name, full_name) or Origin("", named=True)
            near = nearest(name, [*known, *besides()])
            if origin.named or (origin.typed and near):
                where = f"{origin.where}: " if origin.where else ""
                text = f"unknown parameter '{name}' of {node}; known: {', '.join(known)}{near}"
                raise ConfigError("unknown_parameter", where + text)
            ignored.append(f"'{name}' ({origin.where}{near})")
        return f"ignored, since {node} has no such parameter: {', '.join(ignored)}" if ignored else ""

    def check_sections(self, full_name: str, known: Callable[[], Iterable[str]]) -> None:
        """Raises ConfigError for a section that was meant for the node and does not reach it. known: its parameters."""
        node = full_name.rpartition("/")[2]
        mine = [section for section in self.sections if not section.wild]
        reached_by = {section.path for section in mine if section.matches(full_name)}
        for section in mine:
            if section.matches(full_name):
                continue
            # Two kiosks may share a file in which each node has a section of its own.
            elsewhere = section.node == node and section.path not in reached_by
            slip = section.node != node and nearly(section.node, node) and {*known()}.issuperset(section.lines)
            if elsewhere or slip or (section.node != node and looks_like(section.node, node)):
                raise ConfigError(
                    "unknown_node",
                    f"{section.path} line {section.line}: '{section.key}' matches no node, this one is {full_name}; "
                    f"did you mean '/**/{node}'?",
                )


def _read(file: str) -> list[Section]:
    import yaml  # only for who has a file

    return read_parameter_file(yaml, Path(file))


def _ros_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Files, assignments and remaps, in order."""
    found: dict[str, list[str]] = {"file": [], "parameter": [], "remap": []}
    words = _between(arguments)
    for word in words:
        if kind := _KINDS.get(word):
            found[kind].append(next(words, ""))
    return found["file"], found["parameter"], found["remap"]


_KINDS = {"--params-file": "file", "-p": "parameter", "--param": "parameter", "-r": "remap", "--remap": "remap"}


def _between(arguments: Sequence[str]) -> Iterator[str]:
    """Those that are ROS's: from --ros-args to -- or the end."""
    ours = False
    for word in arguments:
        ours = (ours or word == "--ros-args") and not (ours and word == "--")
        if ours and word != "--ros-args":
            yield word
