"""The options of backends as ROS parameters: those of the chosen backend, its fallback and its second are declared.

Those of other known backends may stand in a profile: they are checked, and wait until theirs is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.parameter import Parameter

from ..core.errors import UnknownBackendError
from ..core.registry import Registry, label
from ..core.settings import Settings, today
from . import params
from .overrides import Overrides

#: Parameter prefix of a room ("" or "display.") -> its backends.
Registries = Mapping[str, Registry[Any]]


class Chosen(NamedTuple):
    """A backend that a node uses. unknown: it cannot be imported, which is told when it is loaded."""

    room: str
    name: str
    settings: type[Settings] | None
    unknown: bool = False

    @property
    def prefix(self) -> str:
        return f"{self.room}{label(self.name)}."


class BackendOptions:
    """Which options a node has at present. groups: of what is declared, by prefix."""

    def __init__(self, node: Node, rooms: params.Groups, registries: Registries, overrides: Overrides) -> None:
        """Declare what the node's parameters choose. rooms: the groups that hold `backend` and `fallback`, declared."""
        self._node = node
        self._rooms = rooms
        self._registries = registries
        self._overrides = overrides
        self._given: dict[str, Any] = node._parameter_overrides  # rclpy offers no public list of overrides
        self._former: dict[str, Any] = {}  # what was set under a former name
        self.chosen: tuple[Chosen, ...] = ()
        self.groups: dict[str, type[Settings]] = {}
        self.follow()

    def follow(self) -> None:
        """Declare the options of the backends that are chosen now, and no others."""
        self.chosen = tuple(self._choose())
        self._take_former_names()
        wanted = {one.prefix: one.settings for one in self.chosen if one.settings is not None}
        for prefix in self.groups.keys() - wanted.keys():
            for item in fields(self.groups[prefix]):
                self._node.undeclare_parameter(prefix + item.name)
        params.declare(self._node, {prefix: kind for prefix, kind in wanted.items() if prefix not in self.groups})
        self.groups = wanted

    def read(self) -> dict[str, dict[str, Settings]]:
        """Each room's prefix + "own" -> backend -> its options. Raises ConfigError."""
        found = params.read(self._node, self.groups, self._overrides)
        return {
            f"{room}own": {one.name: found[one.prefix] for one in self.chosen if one.room == room and one.settings}
            for room in self._registries
        }

    def others(self) -> list[str]:
        """The overrides that are options of known backends that are not chosen, once their values are known to be
        good; and those of a backend that cannot be imported. Raises ConfigError.
        """
        accepted = [name for name in self._given for one in self.chosen if one.unknown and name.startswith(one.prefix)]
        waiting = [prefix for prefix in self._prefixes() if prefix not in self.groups]
        for prefix in waiting:
            kind = self._settings(prefix) if any(name.startswith(prefix) for name in self._given) else None
            names = [item.name for item in fields(kind) if prefix + item.name in self._given] if kind else []
            if kind and names:
                params.made(
                    self._node, prefix, kind, {n: self._given[prefix + n].value for n in names}, self._overrides
                )
                accepted += [prefix + name for name in names]
        return accepted

    def known_names(self) -> list[str]:
        """Every option of every known backend, for the nearest to a name that is none."""
        return [prefix + item.name for prefix, item in self._known_fields()]

    def present_names(self, name: str) -> list[str]:
        """The declared parameters that had this name in earlier versions; [name] where none had."""
        return [new for new in self._formerly().get(name, ()) if self._node.has_parameter(new)] or [name]

    def _choose(self) -> Iterator[Chosen]:
        for room, registry in self._registries.items():
            items = {item.name: item for item in fields(self._rooms[room])}
            values = (
                today(items[name], self._node.get_parameter(room + name).value)
                for name in ("backend", "fallback", "second")
                if name in items
            )
            for name in dict.fromkeys(str(value) for value in values if value):
                try:
                    yield Chosen(room, name, registry.settings_class(name))
                except UnknownBackendError:
                    yield Chosen(room, name, None, unknown=True)

    def _prefixes(self) -> dict[str, tuple[Registry[Any], str]]:
        return {f"{room}{name}.": (reg, name) for room, reg in self._registries.items() for name in reg.names}

    def _settings(self, prefix: str) -> type[Settings] | None:
        registry, name = self._prefixes()[prefix]
        return registry.settings_class(name)

    def _known_fields(self) -> Iterator[tuple[str, Field[Any]]]:
        for prefix in self._prefixes():
            if kind := self._settings(prefix):
                yield from ((prefix, item) for item in fields(kind))

    def _formerly(self) -> dict[str, list[str]]:
        """Name of an earlier version -> the options that had it."""
        found: dict[str, list[str]] = {}
        for prefix, item in self._known_fields():
            room = prefix[: prefix.rfind(".", 0, -1) + 1]
            former = room + (item.metadata.get("formerly") or item.name)
            found.setdefault(former, []).append(prefix + item.name)
        return found

    def _take_former_names(self) -> None:
        """Give what was set under a former name to the chosen backends that have it, or else to one to be checked."""
        present = tuple(self._prefixes())
        strange = [n for n in self._given if not self._node.has_parameter(n) and not n.startswith(present)]
        known = self._formerly() if strange or self._former else {}
        using = tuple(one.prefix for one in self.chosen)
        for old in known.keys() & {*strange}:
            self._former[old] = self._given.pop(old).value
            told = [new for new in known[old] if new.startswith(using)] or known[old]
            self._node.get_logger().warning(
                f"parameter '{old}' is called {' and '.join(map(repr, told))} now; "
                "the old name will go with the next version"
            )
        for old, value in self._former.items():
            for new in [new for new in known[old] if new.startswith(using)] or known[old][:1]:
                self._given.setdefault(new, Parameter(new, value=value))
                self._overrides.former_names[new] = old
