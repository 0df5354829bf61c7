"""skills_node: actions and services for a robot's own program: say, listen, ask, look, gesture, chat, sleep, wear."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import yaml
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from avatar_ros import action
from avatar_ros.msg import Alive
from avatar_ros.srv import SetExpression

from ..core.enums import ControlAction, SayWhen
from ..core.events import Gesture
from ..core.gestures import load_gestures
from ..core.paths import share_file
from ..core.process_end import leave
from ..ros import hri, qos
from ..ros.action_door import ActionDoor
from ..ros.main import run
from ..ros.node_spec import NodeSpec
from ..ros.stage_node import StageNode
from ..ros.transforms import frames_of
from ..skills import goals
from ..skills.base import PORT, SkillsSettings
from ..skills.observed import Observed
from ..skills.skill import is_expression
from ..skills.stage import SkillsStage

#: Action -> its goal and its result in avatar_ros/skills/goals.py.
ACTIONS = {
    "say": (action.Say, goals.SayGoal, goals.SayEnd),
    "listen": (action.Listen, goals.ListenGoal, goals.ListenEnd),
    "ask": (action.Ask, goals.AskGoal, goals.AskEnd),
    "look_at": (action.LookAt, goals.LookAtGoal, goals.LookAtEnd),
    "gesture": (action.Gesture, goals.GestureGoal, goals.GestureEnd),
    "chat": (action.Chat, goals.ChatGoal, goals.ChatEnd),
    "set_avatar": (action.SetAvatar, goals.SetAvatarGoal, goals.SetAvatarEnd),
}
TRIGGERS: dict[str, ControlAction | SayWhen] = {
    "stop": SayWhen.STOP,
    "forget": ControlAction.FORGET,
    "sleep": ControlAction.SLEEP,
    "wake": ControlAction.WAKE,
}
#: Service -> its type, and what it does.
SERVICES = {
    "stop": (Trigger, "falls silent; every goal of every program ends"),
    "forget": (Trigger, "forgets what was said: the next person is another one"),
    "sleep": (Trigger, "closes the eyes; nobody is heard or answered until `wake`"),
    "wake": (Trigger, "is there again"),
    "set_listening": (SetBool, "whether anything of the microphone is listened to; beyond `talk` of vad_node"),
    "set_expression": (SetExpression, "makes a face that lasts"),
}
#: Who must read a topic of ours; where nobody is called so, anybody.
_READERS = dict.fromkeys(("say", "control"), "dialogue_node") | dict.fromkeys(
    ("gesture", "gaze_target"), "expression_node"
)
_READERS["wear"] = "renderer_node"
#: Topics on demand are heard this long after the last goal, s.
_LINGER_S = 20.0
_BEATS = 50
_SEEN_S = 0.5


class SkillDoors:
    """The actions and services of a node; hears topics on demand while there are goals."""

    def __init__(self, node: StageNode, stage: SkillsStage, settings: SkillsSettings) -> None:
        self._node = node
        self._stage = stage
        self._settings = settings
        self._doors: dict[str, ActionDoor] = {}
        self._of_goal: dict[str, ActionDoor] = {}
        self._services: list[Any] = []
        self._topics: frozenset[str] = frozenset()
        self._timer: Any = None
        self._beats: Any = None
        self._seen_s: dict[str, float] = {}
        self._speech: hri.LiveSpeech | None = None

    def open(self) -> None:
        """See skills/stage.py's Doors."""
        for name, (kind, goal, end) in ACTIONS.items():
            start, cancel = partial(self._start, name), self._stage.cancel
            self._doors[name] = ActionDoor(self._node, (kind, name), (goal, end), start, cancel, self._has_room)
        if self._settings.hri:
            self._open_hri()
        create = self._node.create_service
        serve: dict[str, Callable[..., Any]] = {name: partial(self._serve, order) for name, order in TRIGGERS.items()}
        serve |= {"set_listening": self._set_listening, "set_expression": self._set_expression}
        # A service waits for `state`: in a group with its subscription it would wait for ever.
        group = ReentrantCallbackGroup()
        self._services += [
            create(kind, name, serve[name], callback_group=group) for name, (kind, _) in SERVICES.items()
        ]

    def _open_hri(self) -> None:
        """ROS4HRI's action and topics, where they are installed."""
        if (kind := hri.look_at_type()) is not None:
            kinds, start = (goals.LookAtGoal, goals.LookAtEnd), partial(self._start, hri.LOOK_AT)
            door = hri.LookAtDoor(self._node, kind, kinds, start, self._stage.cancel, self._has_room)
            self._doors[hri.LOOK_AT] = door
        if (messages := hri.module("hri_msgs.msg")) is not None:
            self._speech = hri.LiveSpeech(self._node, messages, self._settings.session)

    def close(self) -> None:
        """See Doors. Safe to call twice."""
        if self._speech is not None:
            self._speech.close()
            self._speech = None
        for door in self._doors.values():
            door.close()
        for service in self._services:
            self._node.destroy_service(service)
        self._doors.clear()
        self._services.clear()
        self._hear_nothing()

    def feedback(self, id_: str, news: goals.News) -> None:
        """See Doors."""
        if (door := self._of_goal.get(id_)) is not None:
            door.feedback(id_, news)

    def finish(self, id_: str, end: goals.End) -> None:
        """See Doors."""
        if (door := self._of_goal.pop(id_, None)) is not None:
            door.finish(id_, end)

    def reachable(self, topic: str) -> bool:
        """Whether the node that reads `topic` is there; asked of DDS twice a second at most, once it was."""
        now_s = time.monotonic()
        if now_s - self._seen_s.get(topic, float("-inf")) < _SEEN_S:
            return True
        found = self._has_reader(topic)
        if found:
            self._seen_s[topic] = now_s
        return found

    def _has_reader(self, topic: str) -> bool:
        names = {info.node_name for info in self._node.get_subscriptions_info_by_topic(topic)}
        names.discard(self._node.get_name())
        known = {info.node_name for info in self._node.get_publishers_info_by_topic("state")} & {"dialogue_node"}
        reader = _READERS.get(topic, "")
        return reader in names or (bool(names) and not (known or reader != "dialogue_node"))

    # --- on the executor's thread -----------------------------------------------------------------------------------

    def _start(self, name: str, id_: str, goal: goals.Goal) -> None:
        self._of_goal[id_] = self._doors[name]
        self._hear(self._stage.topics_for(goal), beats=self._stage.needs_lives(goal))
        self._stage.start(id_, goal)

    def _has_room(self) -> bool:
        return len(self._of_goal) < self._settings.goal_limit

    def _hear(self, topics: frozenset[str], *, beats: bool) -> None:
        if topics - self._topics:
            self._topics |= topics
            self._node.listen(self._topics)
        if beats and self._beats is None:
            profile = qos.for_signs_of_life(_BEATS)
            self._beats = self._node.create_subscription(Alive, "alive", self._take_beat, profile)
        if self._timer is None and (self._topics or self._beats is not None):
            clock = Clock(clock_type=ClockType.STEADY_TIME)
            self._timer = self._node.create_timer(_LINGER_S, self._rest, clock=clock)
        elif self._timer is not None:
            self._timer.reset()

    def _take_beat(self, beat: Any) -> None:
        self._stage.alive(beat.node, beat.life, time.monotonic())

    def _rest(self) -> None:
        if self._stage.idle:
            self._hear_nothing()

    def _hear_nothing(self) -> None:
        self._topics = frozenset()
        self._node.listen(self._topics)
        if self._beats is not None:
            self._node.destroy_subscription(self._beats)
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        self._beats = self._timer = None

    async def _serve(self, order: ControlAction | SayWhen | Gesture, request: Any, response: Any) -> Any:
        answer: Future = Future()
        self._stage.order(order, answer.set_result)
        response.message = await answer
        response.success = response.message == ""
        return response

    async def _set_listening(self, request: Any, response: Any) -> Any:
        return await self._serve(ControlAction.LISTEN if request.data else ControlAction.IGNORE, request, response)

    async def _set_expression(self, request: Any, response: Any) -> Any:
        if not is_expression(request.expression):
            response.success, response.message = False, f"unknown_expression: '{request.expression}'"
            return response
        self._hear(frozenset(), beats=True)
        name = request.expression or "neutral"
        return await self._serve(Gesture(self._settings.session, name, hold_s=request.hold_s), request, response)


def build(settings: Mapping[str, Any], node: Any) -> SkillsStage:
    """The stage with its doors."""
    own: SkillsSettings = settings[""]
    movements = load_gestures(yaml, share_file(own.gestures_file))
    observed = Observed(lambda topic: doors.reachable(topic), node.hears)  # noqa: PLW0108 — made below
    stage = SkillsStage(own, movements, observed, frames_of(node, own.tf_frame))
    doors = stage.doors = SkillDoors(node, stage, own)
    return stage


SPEC = NodeSpec("skills_node", PORT, {"": SkillsSettings}, build)


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
