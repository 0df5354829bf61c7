"""What a turn waits for crosses the cable twice, and is seen once: two hosts, a relay between them that counts."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from avatar_ros.core.errors import ConfigError
from benchmarks.conversation.cable import measure, parse

pytestmark = pytest.mark.ros
MESSAGES = 1500


def test_each_message_crosses_twice_and_is_seen_once():
    options = parse(["--messages", str(MESSAGES), "--rate-hz", "1000", "--delay-ms", "1", "--loss", "0"])
    try:
        found = measure(options, ["twice"])
    except ConfigError as error:
        pytest.skip(str(error))
    assert (found["twice"]["messages"], found["twice"]["seen_again"]) == (MESSAGES, 0)
    # What is asked for again, heartbeats and discovery are a few hundred.
    assert found["relay"][0]["frames"] >= 2 * MESSAGES
