"""One end of `./avatar bench cable`: `write` says messages at a steady rate, `read` tells how late each came.

    python -m benchmarks.conversation.cable_end write --messages 1000 --rate-hz 50 --bytes 640 --others 1

Both stand on one clock. `write` begins when it has its readers, and stays until its standard input ends, since what was
lost is asked for again; `read` ends with the last message, and prints one line of JSON: [number, late by s] of each.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

import rclpy
from std_msgs.msg import String

from avatar_ros.ros.qos import for_topic
from avatar_ros.ros.start import start_ros

#: A stream of small messages, none of which may be lost.
TOPIC = "mic/utterance"
#: Longest time for the other end to come, and without a message, s.
_PATIENCE_S = 60.0
_LOOK_S = 0.02


def main() -> int:
    """Be the end that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("end", choices=("write", "read"))
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--others", type=int, required=True, help="readers to wait for")
    parser.add_argument("--rate-hz", type=float, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    options = parser.parse_args()
    start_ros()
    node = rclpy.create_node(f"cable_{options.end}_{os.getpid()}", start_parameter_services=False)
    done = write(node, options) if options.end == "write" else read(node, options.messages)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0 if done else 1


def write(node: Any, options: argparse.Namespace) -> bool:
    """Whether all readers came."""
    publisher = node.create_publisher(String, TOPIC, for_topic(TOPIC))
    end_s = time.monotonic() + _PATIENCE_S
    while publisher.get_subscription_count() < options.others:
        if time.monotonic() > end_s:
            return False
        time.sleep(_LOOK_S)
    time.sleep(1.0)  # the reader knows of this end, too
    began_s, filling = time.monotonic(), "." * options.bytes
    for number in range(options.messages):
        time.sleep(max(0.0, began_s + number / options.rate_hz - time.monotonic()))
        publisher.publish(String(data=f"{number} {time.monotonic()} {filling}"[: options.bytes]))
    sys.stdin.read()
    return True


def read(node: Any, messages: int) -> bool:
    """Whether all came."""
    came: list[tuple[int, float]] = []

    def take(message: String) -> None:
        number, sent_s, _ = message.data.split(" ", 2)
        came.append((int(number), time.monotonic() - float(sent_s)))

    node.create_subscription(String, TOPIC, take, for_topic(TOPIC))
    until_s = time.monotonic() + _PATIENCE_S
    while len({number for number, _ in came}) < messages and time.monotonic() < until_s:
        before = len(came)
        rclpy.spin_once(node, timeout_sec=_LOOK_S)
        if len(came) > before:
            until_s = time.monotonic() + _PATIENCE_S
    for _ in range(5):  # one that comes a second time
        rclpy.spin_once(node, timeout_sec=_LOOK_S)
    print(json.dumps(came), flush=True)
    return len({number for number, _ in came}) == messages


if __name__ == "__main__":
    sys.exit(main())
