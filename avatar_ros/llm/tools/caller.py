"""How a source of answers reaches the programs that offer tools; over ROS, ros/tool_clients.py does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

#: (result as JSON, error)
Done = Callable[[str, str], None]


class ToolCaller(Protocol):
    """Calls services of srv/CallTool.srv."""

    def open(self, services: Collection[str]) -> None:
        """Make ready to call these."""

    def problem(self, service: str) -> str:
        """Why it cannot be called at present, in one line; "" where it can."""

    def call(self, service: str, session: str, name: str, arguments: str, done: Done) -> Callable[[], None]:
        """Call it; never waits. done: called once, from any thread, if an answer comes. Returns what gives it up."""

    def close(self) -> None:
        """Let go of the services."""


@runtime_checkable
class UsesTools(Protocol):
    """A Chat whose model can call tools."""

    def use_tools(self, caller: ToolCaller) -> None:
        """Told once, before `load`."""
