"""What benchmarks and tests hear a kiosk with."""

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from std_msgs.msg import Int32

from avatar_ros.ros.listener import Listener

pytestmark = pytest.mark.ros


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_that_fails_is_told_to_whoever_waits():
    """It ends the listener's thread; to wait on for what cannot be heard any more would hide why."""
    with Listener("listener", ()) as listener:
        publisher = listener.node.create_publisher(Int32, "numbers", 10)
        listener.subscribe(Int32, "numbers", lambda msg: 1 // msg.data, 10)
        listener.wait(lambda _: publisher.get_subscription_count() == 1, "it subscribes")
        publisher.publish(Int32(data=0))
        with pytest.raises(RuntimeError, match="a callback failed"):
            listener.wait(lambda _: False, "what never comes")
