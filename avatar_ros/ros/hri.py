"""ROS4HRI's types (REP 155) beside our own, where its packages hri_msgs and hri_actions_msgs are installed: the wheels
have none. What is heard is a voice's speech; its action for looks is a second door of ours.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from avatar_ros.msg import Transcript

from . import qos
from .action_door import ActionDoor

#: Below the node's namespace: `look_at` is our own action's name.
LOOK_AT = "hri/look_at"
_POINT = "geometry_msgs/PointStamped"
_TRACKED = "/humans/voices/tracked"


def module(name: str) -> Any:
    """Of an interface package: `hri_msgs.msg`; None where it is not installed."""
    package = name.partition(".")[0]
    return importlib.import_module(name) if importlib.util.find_spec(package) is not None else None


def look_at_type() -> Any:
    """hri_actions_msgs/LookAt, or None: not installed, or a release whose goal names no point."""
    found = module("hri_actions_msgs.action")
    kind = getattr(found, "LookAt", None)
    return kind if kind is not None and _point_of(kind) else None


def _point_of(kind: Any) -> str:
    """The goal's field that is a point; its name has changed from release to release."""
    fields = kind.Goal.get_fields_and_field_types()
    return next((name for name, type_ in fields.items() if type_ == _POINT), "")


class LookAtDoor(ActionDoor):
    """See ActionDoor: hri_actions_msgs/LookAt, whose goal is a point, and whose result may be empty.

    goal: made of `frame_id` and `target`, metres; all else as our own action has it unless told otherwise.
    """

    def __init__(self, node: Node, type_: Any, kinds: tuple[type, type], start: Callable[[str, Any], None],
                 cancel: Callable[[str], None], has_room: Callable[[], bool]) -> None:
        self._point = _point_of(type_)
        super().__init__(node, (type_, LOOK_AT), kinds, start, cancel, has_room)

    def feedback(self, id_: str, news: Any) -> None:
        """It has none of ours."""

    def _goal_of(self, request: Any) -> Any:
        at = getattr(request, self._point)
        return self._goal(frame_id=at.header.frame_id, target=(at.point.x, at.point.y, at.point.z))

    def _result_of(self, end: Any) -> Any:
        return self._type.Result()


class LiveSpeech:
    """Publishes what one session hears as `/humans/voices/<id>/speech`, hri_msgs/LiveSpeech.

    The voice's id is the node's namespace and the session: of who speaks nothing is known.
    """

    def __init__(self, node: Node, messages: Any, session: str) -> None:
        """messages: the module hri_msgs.msg."""
        self._node, self._session = node, session
        self._kind = messages.LiveSpeech
        fields = self._kind.get_fields_and_field_types()
        self._language = next((name for name in ("locale", "language") if name in fields), "")
        self.voice = re.sub(r"\W+", "_", f"{node.get_namespace()}/{session}").strip("_")
        self._speech = node.create_publisher(
            self._kind, f"/humans/voices/{self.voice}/speech", qos.for_topic("speech/transcript")
        )
        self._tracked = node.create_publisher(messages.IdsList, _TRACKED, qos.for_signs_of_life(1))
        self._heard = node.create_subscription(
            Transcript, "speech/transcript", self._take, qos.for_topic("speech/transcript")
        )
        self._tracked.publish(self._stamped(messages.IdsList(ids=[self.voice])))

    def close(self) -> None:
        """Publish no more."""
        self._node.destroy_subscription(self._heard)
        self._node.destroy_publisher(self._speech)
        self._node.destroy_publisher(self._tracked)

    def _take(self, heard: Any) -> None:
        if heard.session != self._session or heard.rejected or not heard.text:
            return
        speech = self._stamped(self._kind())
        if heard.final:
            speech.final, speech.confidence = heard.text, heard.confidence
        else:
            speech.incremental = heard.text
        if self._language:
            setattr(speech, self._language, heard.locale)
        self._speech.publish(speech)

    def _stamped(self, msg: Any) -> Any:
        msg.header.stamp = self._node.get_clock().now().to_msg()
        return msg
