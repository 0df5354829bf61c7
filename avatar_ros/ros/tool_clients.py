"""Calls the services that a robot's programs offer as tools (srv/CallTool.srv)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from rclpy.lifecycle import LifecycleNode

from avatar_ros.srv import CallTool

_TYPE = "avatar_ros/srv/CallTool"


class ToolClients:
    """`done` of a call comes on the executor's thread; the other methods may be called from any."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._clients: dict[str, Any] = {}

    def open(self, services: Collection[str]) -> None:
        """Look for them. Names are relative to the node's namespace."""
        for service in services:
            if service not in self._clients:
                self._clients[service] = self._node.create_client(CallTool, service)

    def problem(self, service: str) -> str:
        """Why it cannot be called at present; "" where it can."""
        client = self._clients.get(service)
        if client is None or not self._node.context.ok():
            return f"{service} is not open"
        if client.service_is_ready():
            return ""
        name = self._node.resolve_service_name(service)
        offered = dict(self._node.get_service_names_and_types()).get(name, [])
        others = [kind for kind in offered if kind != _TYPE]
        return f"{name} is {others[0]}, not {_TYPE}" if others else f"nobody offers {name} ({_TYPE})"

    def call(
        self, service: str, session: str, name: str, arguments: str, done: Callable[[str, str], None]
    ) -> Callable[[], None]:
        """Call it. done(result_json, error): once, if it answers. Returns what gives it up; the program goes on."""
        client = self._clients[service]
        request = CallTool.Request(session=session, name=name, arguments_json=arguments)
        future = client.call_async(request)
        future.add_done_callback(partial(_take, done))
        return partial(client.remove_pending_request, future)

    def close(self) -> None:
        """Let go of the services. May be opened again."""
        for client in self._clients.values():
            self._node.destroy_client(client)
        self._clients.clear()


def _take(done: Callable[[str, str], None], future: Any) -> None:
    if not future.cancelled():
        answer = future.result()
        done(answer.result_json, answer.error)
