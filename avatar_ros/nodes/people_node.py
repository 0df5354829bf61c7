"""people_node: sees who stands before the avatar; optional, and no picture leaves it."""

from collections.abc import Mapping
from typing import Any

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from ..core.arrays import U8
from ..core.process_end import leave
from ..core.ros_names import check_topic
from ..people.base import PEOPLE_BACKENDS, PEOPLE_PORT, PeopleSettings
from ..people.camera_device import CameraDevice
from ..people.stage import PeopleStage, PictureSource, build_people
from ..ros.image_reader import ImageError, picture_from_msg
from ..ros.main import run
from ..ros.node_spec import NodeSpec


class ImageTopic:
    """The newest picture of a topic, read when it is taken: what nobody looks at costs nothing."""

    def __init__(self, node: Any, topic: str) -> None:
        self._node = node
        self._topic = topic
        self._subscription: Any = None
        self._latest: Any = None
        self._problem = f"no picture has come on '{topic}'"

    def open(self) -> None:
        """See PictureSource."""
        if self._subscription is None:
            check_topic(self._topic, "image_topic")
            self._subscription = self._node.create_subscription(Image, self._topic, self._keep, qos_profile_sensor_data)

    def take(self) -> U8 | None:
        """See PictureSource."""
        msg, self._latest = self._latest, None
        if msg is None:
            return None
        try:
            picture = picture_from_msg(msg)
        except ImageError as error:
            self._problem = f"{self._topic}: {error}"
            return None
        self._problem = ""
        return picture

    def status(self) -> Mapping[str, str]:
        """See PictureSource."""
        return {"warning": self._problem} if self._problem else {"image_topic": self._topic}

    def close(self) -> None:
        """See PictureSource."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _keep(self, msg: Any) -> None:
        self._latest = msg


def build(settings: Mapping[str, Any], node: Any) -> PeopleStage:
    """The stage with the camera or topic that its settings name."""
    own: PeopleSettings = settings[""]
    if own.image_topic:
        topic = ImageTopic(node, own.image_topic)
        topic.open()  # on the executor's thread
        source: PictureSource = topic
    else:
        source = CameraDevice(own.camera, own.pictures_hz)
    return build_people(own, source, settings["own"])


SPEC = NodeSpec("people_node", PEOPLE_PORT, {"": PeopleSettings}, build, {"": PEOPLE_BACKENDS})


def main() -> int:
    """Serve until told to stop; the process's exit code."""
    return run(SPEC)


if __name__ == "__main__":
    leave(main())
