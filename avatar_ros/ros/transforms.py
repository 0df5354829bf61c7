"""tf2, where tf2_ros is installed (the wheels have none): points of any frame, and the avatar's own frames."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time

from ..core.tf_frames import Frames, OwnFrames, Point, Tf2Frames

Turn = tuple[float, float, float, float]  # unit quaternion wxyz
#: From a frame as REP 103 has it to a camera's (x right, y down, z forward) that looks at where the first one comes
#: from: the avatar's camera looks at its face.
LOOKS_BACK: Turn = (0.5, -0.5, -0.5, 0.5)


def frames_of(node: Node, frame: str) -> Frames:
    """What `node` can know of frames. frame: the avatar's in tf2."""
    if importlib.util.find_spec("tf2_ros") is None:
        return OwnFrames()
    tf2: Any = importlib.import_module("tf2_ros")

    def heard() -> Any:
        buffer = tf2.Buffer(node=node)
        buffer.avatar_ros_listener = tf2.TransformListener(buffer, node, spin_thread=False)
        return buffer

    def time_of(stamp_ns: int) -> Time:
        return Time(nanoseconds=stamp_ns, clock_type=clock.clock_type)

    clock = node.get_clock()
    return Tf2Frames(frame, heard, tf2.TransformException, time_of, lambda: clock.now().nanoseconds)


def frame_beside(frame: str, part: str) -> str:
    """Another frame of the avatar whose base is `frame`.

    >>> frame_beside("avatar_link", "head")
    'avatar_head'
    """
    return f"{frame.removesuffix('_link')}_{part}"


def fixed(parent: str, child: str, at: Point, turn: Turn = (1.0, 0.0, 0.0, 0.0)) -> TransformStamped:
    """A frame that does not move in its parent."""
    made = TransformStamped(child_frame_id=child)
    made.header.frame_id = parent
    made.transform.translation = Vector3(x=at[0], y=at[1], z=at[2])
    w, x, y, z = turn
    made.transform.rotation = Quaternion(w=w, x=x, y=y, z=z)
    return made


class FixedFrames:
    """Frames on /tf_static, where tf2_msgs is installed; else nothing."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher: Any = None
        if importlib.util.find_spec("tf2_msgs") is not None:
            self._kind: Any = importlib.import_module("tf2_msgs.msg").TFMessage
            profile = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self._publisher = node.create_publisher(self._kind, "/tf_static", profile)

    def publish(self, frames: Sequence[TransformStamped]) -> None:
        """Say that these hold from now on, in place of what was said before."""
        if self._publisher is None:
            return
        now = self._node.get_clock().now().to_msg()
        for frame in frames:
            frame.header.stamp = now
        self._publisher.publish(self._kind(transforms=list(frames)))
