"""A robot whose tools answer when a test lets them. Over ROS, test/ros/test_tools.py has real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

Done = Callable[[str, str], None]


@dataclass
class Call:
    """One call of a tool: what came, and what to do about it."""

    service: str
    session: str
    name: str
    arguments: dict[str, Any]
    done: Done
    given_up: bool = False


@dataclass
class ScriptedRobot:
    """answers: by tool, what it answers at once; a tool that is not in it waits. away: services nobody offers."""

    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def open(self, services: Collection[str]) -> None:
        self.services |= set(services)

    def problem(self, service: str) -> str:
        return f"nobody offers {service}" if service in self.away else ""

    def call(self, service: str, session: str, name: str, arguments: str, done: Done) -> Callable[[], None]:
        assert service in self.services, f"{service} was not opened"
        call = Call(service, session, name, json.loads(arguments), done)
        self.calls.append(call)
        if name in self.answers:
            done(*self.answers[name])

        def give_up() -> None:
            call.given_up = True

        return give_up

    def close(self) -> None:
        self.services.clear()
