"""tf2 itself, where it is installed: points of a robot's frames, and the avatar's own frames on /tf_static."""

import importlib.util

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.tf_frames import FrameError, OwnFrames
from avatar_ros.ros.listener import Listener
from avatar_ros.ros.transforms import fixed, frame_beside, frames_of

pytestmark = pytest.mark.ros


def test_without_tf2_only_its_own_frame_is_known():
    if importlib.util.find_spec("tf2_ros") is not None:
        pytest.skip("tf2_ros is installed: see the next test")
    with Listener("frames", ()) as listener:
        frames = frames_of(listener.node, "avatar_link")
    assert isinstance(frames, OwnFrames)
    with pytest.raises(FrameError, match="tf2_ros is not installed"):
        frames.place("base_link", (1.0, 0.0, 0.0))


def test_points_of_a_robots_frames():
    tf2 = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed: it comes with ROS 2, not as a wheel")
    with Listener("frames", ()) as listener:
        frames = frames_of(listener.node, "avatar_link")
        frames.hear_of("base_link")
        told = tf2.StaticTransformBroadcaster(listener.node)
        told.sendTransform([fixed("base_link", "avatar_link", (0.1, 0.0, 1.0))])

        def place():
            try:
                return frames.place("base_link", (1.1, 0.5, 1.2))
            except FrameError:
                return None

        listener.wait(lambda _: place() is not None, "the transform")
        assert place() == pytest.approx((0.5, 0.2, 1.0))
        with pytest.raises(FrameError, match="nowhere"):
            frames.place("nowhere", (0.0, 0.0, 0.0))


def test_its_own_frames_are_told():
    messages = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed: it is no wheel")
    from rclpy.qos import DurabilityPolicy, QoSProfile

    from avatar_ros.ros.transforms import FixedFrames

    heard = []
    with Listener("frames", ()) as listener:
        FixedFrames(listener.node).publish([fixed("avatar_link", frame_beside("avatar_link", "head"), (0.0, 0.0, 1.7))])
        profile = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        listener.subscribe(messages.TFMessage, "/tf_static", heard.append, profile)
        listener.wait(lambda _: heard, "the frames")
    (frame,) = heard[0].transforms
    assert (frame.header.frame_id, frame.child_frame_id) == ("avatar_link", "avatar_head")
    assert frame.transform.translation.z == 1.7 and frame.transform.rotation.w == 1.0
