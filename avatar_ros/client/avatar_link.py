"""The client's node: actions and services of one avatar, served on a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.clock import Clock, ClockType
from unique_identifier_msgs.msg import UUID

from avatar_ros import action
from avatar_ros.msg import Alive

from ..core.peers import BEAT_S
from ..core.ros_names import namespace_of
from ..core.topics import TOPICS
from ..ros import convert, qos, readers
from ..ros.executor import LeanExecutor
from ..ros.guard import guarded
from ..ros.start import start_ros
from ..skills import goals
from .task import Task

#: An action's name -> its type, and the kinds of its feedback and result.
ACTIONS: dict[str, tuple[Any, Any, Any]] = {
    "say": (action.Say, goals.SayNews, goals.SayEnd),
    "listen": (action.Listen, goals.ListenNews, goals.ListenEnd),
    "ask": (action.Ask, goals.AskNews, goals.AskEnd),
    "look_at": (action.LookAt, goals.LookAtNews, goals.LookAtEnd),
    "gesture": (action.Gesture, goals.GestureNews, goals.GestureEnd),
    "chat": (action.Chat, goals.ChatNews, goals.ChatEnd),
    "set_avatar": (action.SetAvatar, goals.SetAvatarNews, goals.SetAvatarEnd),
}
#: How often it is looked whether the skills_node that has our goals still lives, s; a goal that was not accepted by
#: then will not be.
_LOOK_S, _ACCEPT_S, _POLL_S = 1.0, 20.0, 0.02
#: An answer that has not come by then is asked for again, s: a server that has not found its client's reader yet takes
#: the request and drops the answer (rmw_fastrtps waits 100 ms for the reader).
_AGAIN_S = 2.5


class _Goal:
    """A goal under way. send: (again); handle: once it was accepted."""

    def __init__(self, task: Task[Any], end: Any) -> None:
        self.task = task
        self.end = end
        self.id = UUID(uuid=list(uuid.uuid4().bytes))
        self.send: Callable[[], None]
        self.times_sent = 0
        self.handle: Any = None
        self.began_s = time.monotonic()
        self.cancelled = False

    def lose(self, reason: str) -> None:
        """Nobody will say what became of it."""
        spoken = getattr(self.task.news, "spoken", "")
        known = {"spoken": spoken} if any(item.name == "spoken" for item in fields(self.end)) else {}
        self.task.finish(self.end(reason=reason, **known))


class AvatarLink:
    """namespace: of the avatar. Callbacks of goals and topics come on the link's own thread.

    Raises ConfigError for a namespace that ROS cannot have.
    """

    def __init__(self, namespace: str) -> None:
        namespace = namespace_of(namespace)
        self.name = f"client_{uuid.uuid4().hex[:12]}"
        self._context = rclpy.Context()
        start_ros(context=self._context)
        self.node = rclpy.create_node(
            self.name, namespace=namespace, context=self._context, start_parameter_services=False, enable_rosout=False
        )
        self._goals: set[_Goal] = set()
        self._lock = threading.Lock()
        self._actions: dict[str, ActionClient] = {}
        self._services: dict[str, Any] = {}
        self._beats = self.node.create_publisher(Alive, "alive", qos.for_signs_of_life(1))
        # Of the usual clock, timers stand still for an hour where the time of day is set back by one.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.node.create_timer(BEAT_S, self._beat, clock=clock)
        self.node.create_timer(_LOOK_S, self._look, clock=clock)
        self._executor = LeanExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, name="avatar client", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cancel what goes on, and leave. Safe to call twice."""
        with self._lock:
            left = tuple(self._goals)
        for goal in left:
            self._cancel(goal)
        deadline_s = time.monotonic() + 1.0
        while any(not goal.task.done for goal in left) and time.monotonic() < deadline_s:
            time.sleep(0.02)
        for goal in left:
            goal.lose("client_closed")
        if self._executor.shutdown(5.0):
            self._thread.join(5.0)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    # --- goals ------------------------------------------------------------------------------------------------------

    def start(self, name: str, on_news: Callable[[Any], None] | None, values: dict[str, Any]) -> Task[Any]:
        """Send a goal; values: its fields."""
        kind, news_kind, end_kind = ACTIONS[name]
        client = self._action(name)
        goal: _Goal
        task: Task[Any] = Task(lambda: self._cancel(goal), _safe(on_news) if on_news else None)
        goal = _Goal(task, end_kind)
        with self._lock:
            self._goals.add(goal)
        message = kind.Goal(client=self.name)
        for field, value in values.items():
            setattr(message, field, value)
        if not self._is_served(client):
            goal.lose("no_skills")
            self._forget(goal)
            return task
        goal.send = partial(self._send, goal, client, message, partial(_tell, task, news_kind))
        goal.send()
        return task

    def _send(self, goal: _Goal, client: ActionClient, message: Any, tell: Callable[[Any], None]) -> None:
        """Send it, or again under the same number: a server that has it says no, and is asked for its result."""
        goal.times_sent += 1
        sent = client.send_goal_async(message, feedback_callback=tell, goal_uuid=goal.id)
        sent.add_done_callback(partial(self._accepted, goal))

    def _is_served(self, client: ActionClient) -> bool:
        """Whether the action's server has been found; what is sent before is lost."""
        deadline_s = time.monotonic() + _ACCEPT_S
        while not client.server_is_ready() and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        return bool(client.server_is_ready())

    def has_action(self, name: str) -> bool:
        """Whether an action is served by now."""
        return bool(self._action(name).server_is_ready())

    def _action(self, name: str) -> ActionClient:
        with self._lock:
            if name not in self._actions:
                self._actions[name] = ActionClient(self.node, ACTIONS[name][0], name)
            return self._actions[name]

    def _accepted(self, goal: _Goal, sent: Any) -> None:
        handle = sent.result()
        if goal.handle is not None:  # it was sent twice
            return
        if not handle.accepted and goal.times_sent == 1:
            goal.lose("refused")
            self._forget(goal)
            return
        goal.handle, goal.task.accepted_ns = handle, convert.ns_from_stamp(handle.stamp)
        self._ask_result(goal)
        if goal.cancelled:
            handle.cancel_goal_async()

    def _ask_result(self, goal: _Goal) -> None:
        goal.handle.get_result_async().add_done_callback(partial(self._ended, goal))

    def _ended(self, goal: _Goal, future: Any) -> None:
        response = future.result()
        if response.status == GoalStatus.STATUS_UNKNOWN:
            # One that was sent twice, of which nothing was heard and nothing is known, was refused twice.
            known = goal.handle.accepted or goal.task.news is not None
            goal.lose("skills_lost" if known else "refused")
        else:
            values = {item.name: getattr(response.result, item.name) for item in fields(goal.end)}
            goal.task.finish(goal.end(**values))
        self._forget(goal)

    def _cancel(self, goal: _Goal) -> None:
        goal.cancelled = True
        if goal.handle is not None:
            goal.handle.cancel_goal_async()

    def _forget(self, goal: _Goal) -> None:
        with self._lock:
            self._goals.discard(goal)

    def _look(self) -> None:
        """A skills_node that was started anew does not know our goals, and says so when it is asked."""
        with self._lock:
            left = tuple(self._goals)
        for goal in left:
            if goal.handle is not None:
                self._ask_result(goal)
            elif time.monotonic() - goal.began_s > _ACCEPT_S:
                goal.lose("no_skills")
                self._forget(goal)
            elif goal.times_sent and time.monotonic() - goal.began_s > _AGAIN_S * goal.times_sent:
                goal.send()

    def _beat(self) -> None:
        if self._goals:
            self._beats.publish(Alive(node=self.name, life=1))

    # --- services and topics ----------------------------------------------------------------------------------------

    def call(self, kind: Any, name: str, request: Any, timeout_s: float) -> Any:
        """The answer of a service; None where none comes in time."""
        if name not in self._services:
            self._services[name] = self.node.create_client(kind, name)
        client = self._services[name]
        if not client.wait_for_service(timeout_s):
            return None
        answers: queue.Queue[Any] = queue.Queue()
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            client.call_async(request).add_done_callback(answers.put)
            with suppress(queue.Empty):
                return answers.get(timeout=min(left_s, _AGAIN_S)).result()
        return None

    def subscribe(self, topic: str, take: Callable[[Any], None]) -> Any:
        """Hear a topic of the conversation; take(dataclass) comes on the link's thread."""
        read = _safe(lambda msg: take(convert.from_msg(TOPICS[topic], msg)))
        return self.node.create_subscription(convert.msg_type(TOPICS[topic]), topic, read, qos.for_topic(topic))

    def missing(self) -> list[str]:
        """The nodes of a conversation that are not there yet."""
        absent = sorted(readers.missing_steps(self.node))
        return absent if all(self.has_action(name) for name in ACTIONS) else [*absent, "skills_node"]


def _safe(call: Callable[[Any], None]) -> Callable[[Any], None]:
    """What a program's own callback raises is printed: the thread that called it has others to call."""

    def safely(value: Any) -> None:
        guarded(lambda: call(value), traceback.print_exception)

    return safely


def _tell(task: Task[Any], kind: Any, message: Any) -> None:
    values = {item.name: getattr(message.feedback, item.name) for item in fields(kind)}
    task.tell(replace(kind(), **values))
