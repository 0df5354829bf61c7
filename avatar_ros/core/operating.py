"""What an operator sees of the nodes of a graph, and may change while they run. Without ROS: see ros/node_desk.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class LogLine:
    """at_s: Unix time; level: debug, info, warn, error or fatal; node: with its namespace, no slash before it."""

    at_s: float
    level: str
    node: str
    text: str


@dataclass(frozen=True)
class NodeHealth:
    """What a node said of itself last. level: ok, warning, error, or silent where it says nothing any more."""

    name: str
    level: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveSetting:
    """A parameter of which a change counts at once. kind: bool, int, float, text or texts; limits: "from 0.0 to 1.0",
    "one of: a, b", or "".
    """

    name: str
    kind: str
    value: str
    limits: str
    description: str


class NodeDesk(Protocol):
    """Any thread may call it. Nodes are called as in NodeHealth."""

    def log(self) -> Sequence[LogLine]:
        """The last lines of all nodes, oldest first."""

    def health(self) -> Sequence[NodeHealth]:
        """Of every node that was heard, by name."""

    def settings(self, node: str) -> Sequence[LiveSetting]:
        """Ask it, for seconds at most. Raises AvatarRosError where there is no such node or it does not answer."""

    def change(self, node: str, name: str, value: str) -> str:
        """Set one of its settings; "" or why that was refused. Raises as `settings` does."""

    def close(self) -> None:
        """Hear no more."""


class NoDesk:
    """Without ROS: nothing is known of any node."""

    def log(self) -> Sequence[LogLine]:
        """See NodeDesk."""
        return ()

    def health(self) -> Sequence[NodeHealth]:
        """See NodeDesk."""
        return ()

    def settings(self, node: str) -> Sequence[LiveSetting]:
        """See NodeDesk."""
        return ()

    def change(self, node: str, name: str, value: str) -> str:
        """See NodeDesk."""
        return "there is no such node"

    def close(self) -> None:
        """See NodeDesk."""
