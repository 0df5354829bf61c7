"""A ROS action as a door: goals come in as dataclasses, feedback and results go out as such, from any thread.

rclpy's own way, a callback that returns the result, would need a thread for each goal, or a coroutine that its executor
polls without a pause.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from geometry_msgs.msg import Point
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from ..core.topics import KINDS
from . import convert

#: A result is kept so long for a client that asks late, s.
_KEPT_S = 60
#: Fields of a result that say that the goal was reached.
_SUCCESS = ("done", "heard", "understood", "reached", "answered")


class _Server(ActionServer):
    """Executing a goal schedules nothing: it ends when it is told to."""

    def notify_execute(self, goal_handle: Any, execute_callback: Any) -> None:
        if execute_callback is not None:
            super().notify_execute(goal_handle, execute_callback)


class ActionDoor:
    """goal, end: dataclasses whose fields are those of the action's goal and result; all of `end`'s have defaults.

    start(id, goal) and cancel(id) are called on the executor's thread; has_room(): whether goals are taken.
    """

    def __init__(
        self,
        node: Node,
        action: tuple[Any, str],
        kinds: tuple[type, type],
        start: Callable[[str, Any], None],
        cancel: Callable[[str], None],
        has_room: Callable[[], bool],
    ) -> None:
        self._node = node
        self._type, name = action
        self._goal, self._end = kinds
        self._start, self._cancel, self._has_room = start, cancel, has_room
        self._handles: dict[str, ServerGoalHandle] = {}
        self._server = _Server(
            node,
            self._type,
            name,
            _nothing,
            goal_callback=self._admit,
            handle_accepted_callback=self._accept,
            cancel_callback=self._cancelled,
            result_timeout=_KEPT_S,
        )

    def feedback(self, id_: str, news: Any) -> None:
        """Tell a goal's client how far it is."""
        if (handle := self._handles.get(id_)) is not None:
            handle.publish_feedback(_filled(self._type.Feedback(), news))

    def finish(self, id_: str, end: Any) -> None:
        """End a goal; nothing where it has ended."""
        if (handle := self._handles.pop(id_, None)) is not None:
            self._server.notify_execute(handle, partial(self._conclude, end))

    def close(self) -> None:
        """Take no more goals."""
        self._handles.clear()
        self._server.destroy()

    def _admit(self, request: Any) -> GoalResponse:
        return GoalResponse.ACCEPT if self._has_room() else GoalResponse.REJECT

    def _accept(self, handle: ServerGoalHandle) -> None:
        id_ = bytes(handle.goal_id.uuid).hex()
        self._handles[id_] = handle
        handle.execute()
        try:
            goal = self._goal_of(handle.request)
        except convert.MessageError as error:
            self.finish(id_, self._end(reason=f"bad_goal: {error}"))
            return
        self._start(id_, goal)

    def _cancelled(self, handle: ServerGoalHandle) -> CancelResponse:
        id_ = bytes(handle.goal_id.uuid).hex()
        if id_ not in self._handles:
            return CancelResponse.REJECT
        self._cancel(id_)
        return CancelResponse.ACCEPT

    def _conclude(self, end: Any, handle: ServerGoalHandle) -> Any:
        """On the executor's thread, when a CANCEL that is being answered has been."""
        if any(getattr(end, name, False) for name in _SUCCESS):
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return self._result_of(end)

    def _goal_of(self, request: Any) -> Any:
        return _read(self._goal, request)

    def _result_of(self, end: Any) -> Any:
        return _filled(self._type.Result(), end)


def _nothing(handle: ServerGoalHandle) -> None:
    """Never called: see _Server."""


def _read(kind: type, msg: Any) -> Any:
    return kind(**{item.name: _value(getattr(msg, item.name)) for item in dataclasses.fields(kind)})


def _value(value: Any) -> Any:
    if isinstance(value, Point):
        return (value.x, value.y, value.z)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    return tuple(
        convert.from_msg(KINDS[type(one).__name__], one) if hasattr(one, "SLOT_TYPES") else one for one in value
    )


def _filled(msg: Any, value: Any) -> Any:
    for item in dataclasses.fields(value):
        field = getattr(value, item.name)
        setattr(msg, item.name, int(field) if isinstance(field, int) and not isinstance(field, bool) else field)
    return msg
